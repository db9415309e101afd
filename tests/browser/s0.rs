//! S0 in Chromium, from declaration to close: with a pointer and pictures at both widths, and by the keyboard alone.

use acceptance::{Kind, RealServer, browser::Browser, by_hand::ByHand, desk::Desk, morning::Morning};

async fn plays(keys: bool, folder: &str) {
    let mut server = RealServer::prepare(Kind::Sqlite, &[]).await;
    let harbor = server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    Morning::before(administrator, harbor).await;
    let browser = Browser::open(&server.address()).await;
    let desk = Desk::window(browser, keys, server.person());
    let desk = if folder.is_empty() { desk } else { desk.with_pictures(folder) };
    let mut morning = ByHand::at_cape(desk);
    morning.plays().await;
    morning.desk.ends().await;
    server.end().await;
}

#[tokio::test]
async fn from_declaration_to_close_with_a_pointer_every_step_clean_at_both_widths() {
    plays(false, "s0").await;
}

#[tokio::test]
async fn from_declaration_to_close_by_the_keyboard_alone() {
    plays(true, "").await;
}
