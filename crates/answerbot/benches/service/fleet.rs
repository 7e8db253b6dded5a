//! `scripts/fleet` with one worker and with two: answers a second, acknowledgements, memory.
//!
//! Its MongoDB is a stand-in unless `TEST_MONGODB_URI` is set, so these figures say how processes share the work, not
//! how fast a database is.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use answerbot_sim::{World, clock};
use tempfile::TempDir;

use crate::child::{self, free_port, lean_world};
use crate::{answers, figure, generator};

/// Each asks one question at a time: two of one person at two workers would wait for each other.
const PEOPLE: usize = 1_600;

struct Fleet {
    folder: TempDir,
    port: u16,
}

impl Fleet {
    fn start(world: &World, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let policy = folder.path().join("policy.toml");
        std::fs::write(&policy, child::UNLIMITED).unwrap();
        let mut lines = child::outside(world).map(|(name, value)| format!("{name}='{value}'")).to_vec();
        lines.extend(settings.iter().map(|(name, value)| format!("{name}='{value}'")));
        lines.push(format!("POLICY_FILE='{}'", policy.display()));
        std::fs::write(folder.path().join("settings"), lines.join("\n") + "\n").unwrap();
        let fleet = Self { folder, port };
        let mut start = fleet.script("start", &[]);
        start.env("ANSWERBOT", env!("CARGO_BIN_EXE_answerbot"));
        // The stand-in writes no file here: it would be most of what is measured.
        start.env("MONGODB_FORGETS", "1");
        start.env("SETTINGS", fleet.folder.path().join("settings")).env("FLEET_PORT", port.to_string());
        assert!(start.status().unwrap().success());
        fleet
    }

    fn script(&self, verb: &str, names: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/fleet");
        let mut command = Command::new(script);
        command.arg(verb).args(names).arg(self.folder.path().join("fleet"));
        command.stdout(std::process::Stdio::null());
        command
    }

    fn does(&self, verb: &str, part: &str) {
        assert!(self.script(verb, &[part]).status().unwrap().success());
    }

    fn memory(&self, part: &str) -> f64 {
        let pid = std::fs::read_to_string(self.folder.path().join(format!("fleet/{part}.pid"))).unwrap();
        child::memory_of(pid.trim().parse().unwrap(), "VmRSS")
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.script("stop", &[]).status();
    }
}

/// Answers a second while there is always more to do: from when all are asked and a tenth is answered, to the last
/// tenth.
async fn answers_a_second(world: &World, fleet: &Fleet, tag: &str) -> f64 {
    let config = world.config();
    let requests = generator::questions(&config.app_secret, &config.page_id, tag, PEOPLE, PEOPLE);
    let (before, tenth) = (world.counts().sent, PEOPLE as u64 / 10);
    generator::flood(fleet.port, Arc::new(requests), 32).await;
    answers::sent(world, before + tenth).await;
    let (first, began) = (world.counts().sent, clock::now());
    answers::sent(world, before + 9 * tenth).await;
    let rate = (before + 9 * tenth).saturating_sub(first) as f64 / began.elapsed().as_secs_f64();
    answers::sent(world, before + PEOPLE as u64).await;
    rate
}

pub async fn workers() {
    let world = lean_world(Duration::from_millis(800)).await;
    let fleet = Fleet::start(&world, &[("AI_SLOTS", "64"), ("LOG_LEVEL", "error")]);
    figure("fleet_memory_web", fleet.memory("web1"), "MB", None);
    figure("fleet_memory_worker", fleet.memory("worker1"), "MB", None);
    answers::agree(&world, fleet.port, PEOPLE).await;
    answers::warm_up(&world, fleet.port, PEOPLE).await;

    // The first round warms up the stand-in, which is a Java program.
    answers_a_second(&world, &fleet, "warm").await;
    let two = answers_a_second(&world, &fleet, "two").await;
    fleet.does("kill", "worker2");
    let one = answers_a_second(&world, &fleet, "one").await;
    figure("fleet_answers_a_second_one_worker", one, "1/s", Some(72.0));
    figure("fleet_answers_a_second_two_workers", two, "1/s", None);
    figure("fleet_two_workers_to_one", two / one, "ratio", Some(1.9));
    fleet.does("revive", "worker2");
    let config = world.config();
    let requests = generator::questions(&config.app_secret, &config.page_id, "paced", PEOPLE, 3_000);
    let before = world.counts().sent;
    let acks = generator::pace(fleet.port, Arc::new(requests), 100.0).await;
    answers::sent(&world, before + 3_000).await;
    figure("fleet_ack_p50_at_100_a_second", acks.percentile(50), "ms", None);
    figure("fleet_ack_p99_at_100_a_second", acks.percentile(99), "ms", None);
}
