//! Redis over TLS, with a certificate of one's own.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use answerbot_fleet::redis::{RedisLink, RedisSettings};

use super::server::{Real, Server};

fn openssl(folder: &std::path::Path, arguments: &str) -> bool {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|it| it.success())
}

#[tokio::test]
async fn it_speaks_tls_with_who_shows_the_right_certificate_and_with_nobody_else() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1").unwrap();
    let made = [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout it.key -out it.csr",
        "x509 -req -days 2 -in it.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out it.pem",
    ];
    if !made.iter().all(|arguments| openssl(folder.path(), arguments)) {
        answerbot_ports::conformance::skipped("redis: there is no openssl to make a certificate");
        return;
    }
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let tls = ["--tls-port", &port.to_string(), "--tls-auth-clients", "no", "--requirepass", "a password"];
    let files = ["--tls-cert-file", &file("it.pem"), "--tls-key-file", &file("it.key")];
    let authority = ["--tls-ca-cert-file", &file("ca.pem")];
    let arguments: Vec<String> =
        tls.iter().chain(&files).chain(&authority).map(ToString::to_string).collect();
    let Some(_server) = Server::start_with(|_| arguments) else { return };

    let url = format!("rediss://:a%20password@localhost:{port}/");
    let root_certificate = Some(std::fs::read(file("ca.pem")).unwrap());
    let settings = RedisSettings { root_certificate, ..RedisSettings::new(&url) };
    let link = RedisLink::open(&settings, Arc::new(Real)).unwrap();
    assert!(link.wait_until_up(Duration::from_secs(10)).await, "{:?}", link.ping().await);
    assert!(link.ping().await.is_ok());

    let stranger = RedisLink::open(&RedisSettings::new(&url), Arc::new(Real)).unwrap();
    let fault = stranger.ping().await.unwrap_err();
    assert!(fault.to_lowercase().contains("certificate"), "{fault}");

    let wrong = RedisSettings { url: url.replace("a%20", "another%20"), ..settings };
    let fault = RedisLink::open(&wrong, Arc::new(Real)).unwrap().ping().await.unwrap_err();
    assert!(fault.to_lowercase().contains("pass") && !fault.contains("another"), "{fault}");
}
