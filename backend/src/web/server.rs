//! Listening and stopping: a backlog for ten thousand browsers that reconnect at once, TLS when a certificate is
//! given, and a stop that ends streams, lets commands finish and then closes the database.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, ServiceExt, extract::Request};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use hyper_util::rt::TokioTimer;
use tokio::net::TcpSocket;

use super::front::Front;
use crate::app::App;

const BACKLOG: u32 = 4096;
const PATIENCE: Duration = Duration::from_secs(10);

/// Chooses the cryptography of TLS, for serving and for sending; to be called once, before either.
pub fn choose_cryptography() {
    // Chosen twice (by tests in one process) is as good as once.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Binds the address with a backlog that stands a reconnecting hospital.
///
/// # Errors
/// One sentence that names the address, as when the port is in use.
pub fn bind(address: SocketAddr) -> Result<std::net::TcpListener, String> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen().map_err(|error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!(
                "port {} on {} is in use: stop the other program, or choose another with --listen",
                address.port(),
                address.ip()
            )
        }
        std::io::ErrorKind::PermissionDenied => {
            format!(
                "this user may not listen on port {}: choose one above 1023 with --listen",
                address.port()
            )
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// Serves until the program is told to stop, then lets requests in progress finish.
///
/// # Errors
/// One sentence when the certificate cannot be used or listening fails.
pub async fn serve(app: App, router: Router, listener: std::net::TcpListener) -> Result<(), String> {
    let handle = Handle::new();
    let (stopping, stop) = (handle.clone(), app.stop.clone());
    app.spawn(async move {
        stop.cancelled().await;
        stopping.graceful_shutdown(Some(PATIENCE));
    });
    let front = Front::new(app.clone(), router);
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(front);
    let served = if let (Some(certificate), Some(key)) = (&app.config.tls_certificate, &app.config.tls_key) {
        let tls = RustlsConfig::from_pem_file(certificate, key)
            .await
            .map_err(|error| format!("the certificate or its key cannot be used: {error}"))?;
        let mut server =
            axum_server::from_tcp_rustls(listener, tls).map_err(|e| e.to_string())?.handle(handle);
        be_impatient(server.http_builder());
        server.serve(service).await
    } else {
        let mut server = axum_server::from_tcp(listener).map_err(|e| e.to_string())?.handle(handle);
        be_impatient(server.http_builder());
        server.serve(service).await
    };
    served.map_err(|error| format!("the server stopped: {error}"))
}

/// A connection that does not say what it wants, or no longer answers, gives its place to somebody else.
fn be_impatient(server: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    server.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(PATIENCE).keep_alive_timeout(PATIENCE);
}

/// Ends everything in order: streams and jobs, then the database.
pub async fn shut_down(app: &App) {
    app.stop.cancel();
    app.tasks.close();
    if tokio::time::timeout(PATIENCE, app.tasks.wait()).await.is_err() {
        tracing::warn!("some tasks did not end within {} s", PATIENCE.as_secs());
    }
    app.db.close().await;
}
