//! `health`: whether the service on this machine is alive.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;

use crate::config::Raw;
use crate::out;

/// A container's check must end before the next one begins.
const PATIENCE: Duration = Duration::from_secs(3);

pub async fn run(raw: &Raw) -> anyhow::Result<bool> {
    let port: u16 = raw.effective("PORT").0.unwrap_or_default().parse().context("PORT is no port")?;
    let host = raw.effective("HOST").0.unwrap_or_default();
    // Who listens everywhere listens here too.
    let host = if matches!(host, "0.0.0.0" | "::" | "localhost") { "127.0.0.1" } else { host };
    let address = match host.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port),
        Err(_) => SocketAddr::from(([127, 0, 0, 1], port)),
    };
    let client = answerbot_remote::http::client(PATIENCE).context("the HTTP client")?;
    let call = client.get(format!("http://{address}/livez")).send();
    let is_alive =
        matches!(tokio::time::timeout(PATIENCE, call).await, Ok(Ok(it)) if it.status().is_success());
    if !is_alive {
        out::fault(&format!("nothing that is alive answers on port {port}"));
    }
    Ok(is_alive)
}
