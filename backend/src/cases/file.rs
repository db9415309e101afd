//! Files for saving. What holds patients is decrypted in the background, a piece at a time, as the client takes it.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::store::Error;

/// A CSV file.
pub(crate) fn csv_file(name: &'static str, text: impl Into<Body>) -> Response {
    file("text/csv; charset=utf-8", name, text)
}

/// A file of any kind, which no cache keeps.
pub(super) fn file(media: &'static str, name: &'static str, body: impl Into<Body>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::from_str(&disposition).expect("the names are plain");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body.into()).into_response()
}

/// The body of a file that is written piece by piece from what is still to be written; `None` is its end.
pub(super) fn in_pieces<R: Send + 'static>(
    rest: R,
    write: fn(&mut R) -> Result<Option<String>, Error>,
) -> Body {
    let next = move |mut rest: R| async move {
        let piece = tokio::task::spawn_blocking(move || write(&mut rest).map(|text| (text, rest))).await;
        let (text, rest) = piece.map_err(|error| Error::Corrupt(error.to_string()))??;
        Ok::<_, Error>(text.map(|text| (text, rest)))
    };
    Body::from_stream(futures::stream::try_unfold(rest, next))
}
