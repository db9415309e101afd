//! S0 as programs play it, on a real server with either database.

use acceptance::{Kind, RealServer, morning::Morning};

async fn plays_as_json(kind: Kind) {
    let mut server = RealServer::prepare(kind, &[]).await;
    let harbor = server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    Morning::before(administrator, harbor).await.plays().await;
    server.end().await;
}

#[tokio::test]
async fn from_declaration_to_close_as_json_on_sqlite() {
    plays_as_json(Kind::Sqlite).await;
}

#[tokio::test]
async fn from_declaration_to_close_as_json_on_postgres() {
    plays_as_json(Kind::Postgres).await;
}
