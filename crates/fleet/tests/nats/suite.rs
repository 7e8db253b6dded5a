//! The suite of the port.

use answerbot_fleet::nats::{NatsSettings, migrate};
use answerbot_ports::conformance;

use super::server::{PATIENCE, Server, process};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_a_queue() {
    let Some(server) = Server::any() else { return };
    for holds in [3, 8, 200] {
        let settings = NatsSettings { most_rings: Some(holds), ..server.settings() };
        migrate(&settings).await.unwrap();
        let queue = process(&settings).await;
        let suite = conformance::shared_queue(&queue, usize::try_from(holds).unwrap());
        tokio::time::timeout(PATIENCE * 2, suite).await.expect("a case waits for ever");
        queue.close().await;
        server.client().await.delete_stream(&settings.stream).await.unwrap();
    }
}
