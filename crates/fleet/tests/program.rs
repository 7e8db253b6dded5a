//! A server of a test's own: killed, revived, halted; it dies with its test.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use answerbot_ports::codec::Codec;
use answerbot_ports::keys::Key;

use crate::outside::Real;

pub fn codec(fill: u8) -> Codec {
    Codec::new(&Key::from_bytes([fill; 32]), None, Arc::new(Real))
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A process, or none yet.
#[derive(Default)]
pub struct Program(Option<Child>);

impl Program {
    /// False, and a line that says so for `port`, where there is no such program.
    pub fn is_there(port: &str, name: &str) -> bool {
        let is_there = Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok();
        if !is_there {
            answerbot_ports::conformance::skipped(&format!("{port}: there is no {name}"));
        }
        is_there
    }

    pub fn start(&mut self, command: &mut Command) {
        self.0 = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// `STOP`: it takes connections and says nothing. `CONT`: it goes on.
    pub fn signal(&self, name: &str) {
        let id = self.0.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
        // All its threads stand before it goes on.
        let stands = |task: std::io::Result<std::fs::DirEntry>| {
            let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|it| it.trim_start().starts_with('T'))
        };
        while name == "STOP" && !std::fs::read_dir(format!("/proc/{id}/task")).unwrap().all(stands) {
            std::thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
