//! The binary as a child process, with a world around it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use answerbot_sim::clock::Dice;
use answerbot_sim::{Config, World};
use tempfile::TempDir;

/// No quota, no bursts, no checks by chance: each message is a question, and each is answered.
pub const UNLIMITED: &str = "[quota]\nfree_per_day = 1000000\n[limits]\nfree_replies_per_day = 1000000\n\
     ai_calls_per_day = 1000000\nwaiting_questions = 1000\n[burst]\nwindow_ms = 0\n[reuse]\nchecks_per_mille = 0\n";

/// A folder, its settings and, sometimes, a process.
pub struct Bot {
    pub folder: TempDir,
    pub port: u16,
    settings: Vec<(String, String)>,
    child: Option<Child>,
}

/// What is killed in a soak: one process, or one part of a fleet after the other.
pub trait Mortal {
    /// Something dies by SIGKILL and is there again when this returns.
    async fn dies_and_rises(&mut self, dice: &Dice);

    /// What a command prints with `--json`: one object a line.
    fn objects(&self, arguments: &[&str]) -> Vec<serde_json::Value>;

    /// A folder for the test's own files.
    fn folder(&self) -> &Path;
}

impl Mortal for Bot {
    async fn dies_and_rises(&mut self, _: &Dice) {
        self.kill();
        self.start().await;
    }

    fn objects(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        Self::objects(self, arguments)
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Bot {
    /// Settings that point to `world`, with a policy over the built-in one.
    pub fn new(world: &World, policy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        let config = world.config();
        let set = |name: &str, value: String| (name.to_owned(), value);
        let settings = vec![
            set("PORT", port.to_string()),
            set("HOST", "127.0.0.1".into()),
            set("DATABASE_URL", "sqlite:data/bot.db".into()),
            set("GRAPH_BASE_URL", world.graph_base_url()),
            set("OPENROUTER_BASE_URL", world.openrouter_base_url()),
            set("OPENROUTER_API_KEY", "sim".into()),
            set("PAGE_ACCESS_TOKEN", config.page_access_token.clone()),
            set("FB_APP_SECRET", config.app_secret.clone()),
            set("VERIFY_TOKEN", config.verify_token.clone()),
            set("POLICY_FILE", "policy.toml".into()),
            set("SWEEP_INTERVAL_MS", "500".into()),
        ];
        world.set_bot_url(&format!("http://127.0.0.1:{port}"));
        Self { folder, port, settings, child: None }
    }

    /// A world and a bot in it that serves.
    pub async fn in_a_world(policy: &str) -> (World, Self) {
        let world = World::start(Config::default()).await.unwrap();
        let mut bot = Self::new(&world, policy);
        bot.start().await;
        (world, bot)
    }

    /// A world whose MTN calls this machine back, and a bot in it that sells: its owner has confirmed the prices.
    pub async fn that_sells(policy: &str) -> (World, Self) {
        let world = World::start(where_momo_fits()).await.unwrap();
        let mut bot = Self::new(&world, policy);
        bot.sells(&world);
        bot.start().await;
        (world, bot)
    }

    /// Sets `MoMo` up and confirms the prices. Before `start`.
    pub fn sells(&mut self, world: &World) {
        let account = world.config().momo_account.clone();
        self.set("MOMO_BASE_URL", &world.momo_base_url());
        self.set("MOMO_ENVIRONMENT", account.environment_setting());
        self.set("MOMO_API_USER_ID", &account.api_user);
        self.set("MOMO_API_KEY", &account.api_key);
        self.set("MOMO_SUBSCRIPTION_KEY", &account.subscription_key);
        self.set("CALLBACK_HOST", &format!("http://127.0.0.1:{}", self.port));
        self.well(&["migrate"]);
        self.well(&["prices", "confirm"]);
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(it, _)| it != name);
        self.settings.push((name.into(), value.into()));
    }

    pub fn unset(&mut self, name: &str) {
        self.settings.retain(|(it, _)| it != name);
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/bot.db")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_answerbot"));
        command.args(arguments).env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must end well; what it printed.
    pub fn well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}{errors}");
        text
    }

    /// The same with `--json`: one object a line.
    pub fn objects(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let text = self.well(&[arguments, &["--json"]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts `serve` and waits until it is ready.
    pub async fn start(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let errors = log.try_clone().unwrap();
        self.child = Some(self.command(&["serve"]).stdout(log).stderr(errors).spawn().unwrap());
        for _ in 0..400 {
            if self.get("/readyz").await == Some(200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it does not get ready: {}", std::fs::read_to_string(self.log()).unwrap());
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("serve.log")
    }

    /// The status of a page.
    pub async fn get(&self, path: &str) -> Option<u16> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        Some(http().get(url).send().await.ok()?.status().as_u16())
    }

    /// The value of a counter in `/metrics`, all its labels together.
    pub async fn metric(&self, name: &str) -> u64 {
        let url = format!("http://127.0.0.1:{}/metrics", self.port);
        let text = http().get(url).send().await.unwrap().text().await.unwrap();
        let of_it = |line: &&str| line.starts_with(name) && line[name.len()..].starts_with([' ', '{']);
        text.lines().filter(of_it).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(killed.success());
        child.wait().unwrap().code()
    }

    /// Everything in the data folder, as bytes.
    pub fn files(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for file in std::fs::read_dir(self.database().parent().unwrap()).unwrap() {
            all.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        all
    }

    pub fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap()
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The real MTN calls back only https; here it calls this machine.
pub fn where_momo_fits() -> Config {
    let mut config = Config { retry_pause: Duration::from_millis(200), ..Config::default() };
    config.momo_account.callback_host = "127.0.0.1".into();
    config.momo.strict_callback_url = false;
    config
}

pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

pub fn path(text: &Path) -> &str {
    text.to_str().unwrap()
}

pub fn http() -> reqwest::Client {
    answerbot_remote::http::client(Duration::from_secs(2)).unwrap()
}
