//! `sim chat`: the phone page's conversation, in a terminal.

use std::io::BufRead;
use std::time::Duration;

use answerbot_sim::{World, clock};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::{WorldArgs, out, serve};

#[derive(Debug, Args)]
pub(super) struct Chat {
    #[command(flatten)]
    world: WorldArgs,
    /// Who you are: letters, digits, - or _; a new person without it
    #[arg(long)]
    user: Option<String>,
}

/// Something that can be chosen by its number.
struct Choice {
    kind: &'static str,
    title: String,
    payload: String,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    quick_replies: Vec<Target>,
    #[serde(default)]
    buttons: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    title: String,
    payload: Option<String>,
    url: Option<String>,
}

impl Chat {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        // A world that is running already (`sim serve`) is used; else one is started.
        let base = format!("http://127.0.0.1:{}", self.world.port);
        let client = reqwest::Client::builder().no_proxy().build()?;
        let running =
            client.get(format!("{base}/sim/api/profile")).timeout(Duration::from_secs(1)).send().await;
        let own = if running.is_ok_and(|answer| answer.status() == 200) {
            None
        } else {
            let world = World::start(self.world.config()).await?;
            serve::announce(&world);
            Some(world)
        };
        let base = own.as_ref().map_or(base, World::graph_base_url);
        let user =
            self.user.unwrap_or_else(|| format!("8{:015}", clock::fresh_seed() % 1_000_000_000_000_000));
        out::line(&format!("\nYou are {user}. Type and press Enter; a number takes a button; /quit ends."));
        let ended = converse(&client, &base, &user).await;
        if let Some(world) = own {
            world.stop().await;
        }
        ended
    }
}

async fn converse(client: &reqwest::Client, base: &str, user: &str) -> anyhow::Result<()> {
    let mut events =
        client.get(format!("{base}/sim/api/events?user={user}")).send().await?.error_for_status()?;
    let mut typed = typed_lines();
    let mut unread = Vec::new();
    let mut choices = Vec::new();
    out::prompt("> ");
    loop {
        tokio::select! {
            chunk = events.chunk() => {
                let Some(chunk) = chunk? else { anyhow::bail!("the world has ended") };
                unread.extend_from_slice(&chunk);
                while let Some(event) = take_event(&mut unread) {
                    show(&event, &mut choices);
                }
            }
            line = typed.recv() => match line.as_deref().map(str::trim) {
                None | Some("/quit") => return Ok(()),
                Some("") => out::prompt("> "),
                Some(text) => {
                    send(client, base, user, text, &choices).await?;
                    out::prompt("> ");
                }
            },
        }
    }
}

/// Lines of standard input. A thread of its own, because reading a terminal blocks.
fn typed_lines() -> mpsc::Receiver<String> {
    let (tell, hear) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    hear
}

/// The next whole server-sent event in `unread`, cut out of it.
fn take_event(unread: &mut Vec<u8>) -> Option<String> {
    let end = unread.windows(2).position(|pair| pair == b"\n\n")?;
    let event: Vec<u8> = unread.drain(..end + 2).collect();
    Some(String::from_utf8_lossy(&event).into_owned())
}

fn show(event: &str, choices: &mut Vec<Choice>) {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let (Some("line"), Some(data)) = (field("event"), field("data")) else { return };
    let Ok(line) = serde_json::from_str::<Line>(data) else { return };
    out::line(&format!("\rbot: {}", line.text.replace('\n', "\n     ")));
    choices.clear();
    for (kind, targets) in [("postback", line.buttons), ("tap", line.quick_replies)] {
        for target in targets {
            let Some(payload) = target.payload else {
                out::line(&format!("     {} → {}", target.title, target.url.unwrap_or_default()));
                continue;
            };
            out::line(&format!("     [{}] {}", choices.len() + 1, target.title));
            choices.push(Choice { kind, title: target.title, payload });
        }
    }
    out::prompt("> ");
}

async fn send(
    client: &reqwest::Client,
    base: &str,
    user: &str,
    text: &str,
    choices: &[Choice],
) -> anyhow::Result<()> {
    let chosen = text.parse::<usize>().ok().and_then(|n| choices.get(n.checked_sub(1)?));
    let id = format!("c{:x}", clock::fresh_seed());
    let message = match chosen {
        Some(Choice { kind, title, payload }) => {
            json!({ "user": user, "id": id, "kind": kind, "text": title, "payload": payload })
        }
        None => json!({ "user": user, "id": id, "kind": "text", "text": text }),
    };
    let answer = client.post(format!("{base}/sim/api/send")).json(&message).send().await?;
    let result: serde_json::Value = answer.json().await?;
    if result["delivered"] != true {
        let reason = result["reason"].as_str().or(result["error"].as_str()).unwrap_or("no reason given");
        out::line(&format!("     not delivered: {reason}"));
    }
    Ok(())
}
