//! What strangers and neighbours on the machine may not do: hold connections without saying what they want, and read
//! what lies in the data folder.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use acceptance::{Kind, RealServer};

#[tokio::test]
async fn a_connection_that_never_says_what_it_wants_is_closed() {
    let server = RealServer::start(Kind::Sqlite, &[]).await;
    let address = server.address().replace("http://", "");
    let mut held: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut half = TcpStream::connect(&address).expect("the server listens");
            half.write_all(b"GET /status HTTP/1.1\r\nHost: x\r\nX-A: ").expect("half of it is taken");
            half.set_read_timeout(Some(Duration::from_secs(20))).expect("can be set");
            half
        })
        .collect();
    for half in &mut held {
        let mut rest = Vec::new();
        half.read_to_end(&mut rest).expect("it is closed before we lose patience");
    }
    server.end().await;
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_data_folder() {
    let mut server = RealServer::start(Kind::Sqlite, &[]).await;
    server.set_up().await;
    server.stop();
    let mut looked_at = 0;
    look(&server.data(), &mut looked_at);
    assert!(looked_at >= 3, "only {looked_at} files");
    server.end().await;
}

fn look(path: &Path, looked_at: &mut usize) {
    let about = std::fs::metadata(path).expect("it is ours");
    assert_eq!(about.permissions().mode() & 0o077, 0, "{} is open to others", path.display());
    *looked_at += 1;
    if about.is_dir() {
        for entry in std::fs::read_dir(path).expect("it is ours") {
            look(&entry.expect("can be read").path(), looked_at);
        }
    }
}
