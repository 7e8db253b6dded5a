//! The service as a child process, and what the kernel says of it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use answerbot_sim::clock;
use answerbot_sim::{Config, Events, World};
use tempfile::TempDir;

pub const UNLIMITED: &str = "[quota]\nfree_per_day = 1000000000\n[limits]\nfree_replies_per_day = 1000000000\n\
     ai_calls_per_day = 1000000000\nwaiting_questions = 100000\n[burst]\nwindow_ms = 0\n";

pub struct Service {
    child: Child,
    pub port: u16,
    _folder: TempDir,
}

/// A world that neither records nor posts events, with an AI that answers after `ai_delay`.
pub async fn lean_world(ai_delay: Duration) -> World {
    let config = Config { record: false, events: Events::none(), ..Config::default() };
    let world = World::start(config).await.unwrap();
    world.ai(|ai| {
        ai.delay = ai_delay;
        ai.canned = false;
    });
    world
}

/// What the service is told of the world around it.
pub fn outside(world: &World) -> [(&'static str, String); 6] {
    let config = world.config();
    [
        ("GRAPH_BASE_URL", world.graph_base_url()),
        ("OPENROUTER_BASE_URL", world.openrouter_base_url()),
        ("OPENROUTER_API_KEY", "sim".into()),
        ("PAGE_ACCESS_TOKEN", config.page_access_token.clone()),
        ("FB_APP_SECRET", config.app_secret.clone()),
        ("VERIFY_TOKEN", config.verify_token.clone()),
    ]
}

/// Resident memory of a process in MB: now, or the most there was.
pub fn memory_of(pid: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
}

impl Service {
    /// Starts `serve`, ready; returns how long that took.
    pub async fn start(world: &World, arguments: &[&str], settings: &[(&str, &str)]) -> (Self, Duration) {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        std::fs::write(folder.path().join("policy.toml"), UNLIMITED).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_answerbot"));
        command.arg("serve").args(arguments).env_clear().current_dir(folder.path());
        command.envs([
            ("PORT", port.to_string()),
            ("HOST", "127.0.0.1".into()),
            ("DATABASE_URL", "sqlite:bench.db".into()),
            ("POLICY_FILE", "policy.toml".into()),
            ("LOG_LEVEL", "error".into()),
        ]);
        command
            .envs(outside(world))
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self::spawn(command, port, folder).await
    }

    pub async fn spawn(mut command: Command, port: u16, folder: TempDir) -> (Self, Duration) {
        let began = clock::now();
        let child = command.spawn().unwrap();
        let ready = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ready).await.unwrap();
        (Self { child, port, _folder: folder }, began.elapsed())
    }

    /// Processor time used so far, user and system.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // USER_HZ is 100 on every Linux that we run on.
        Duration::from_millis(ticks * 10)
    }

    /// Resident memory in MB: now, or the most there was.
    pub fn memory(&self, field: &str) -> f64 {
        memory_of(self.child.id(), field)
    }

    /// A counter of `/metrics`, its labels together.
    pub async fn metric(&self, name: &str) -> f64 {
        let client = answerbot_remote::http::client(Duration::from_secs(2)).unwrap();
        let url = format!("http://127.0.0.1:{}/metrics", self.port);
        let text = client.get(url).send().await.unwrap().text().await.unwrap();
        let of_it = |line: &&str| line.starts_with(name) && line[name.len()..].starts_with([' ', '{']);
        text.lines().filter(of_it).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
