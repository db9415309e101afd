//! The camera as a scanner, where the browser reads codes by itself; elsewhere the button stays away.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, HtmlVideoElement};

use crate::islands::dom;

/// How often the camera's picture is looked at, in milliseconds.
const LOOK: i32 = 300;

/// Offers the camera, if this browser has a reader of codes; `scanned` gets each code once while it is in sight.
pub fn offer(scanned: fn(String)) {
    let Ok(reader) = Reflect::get(&dom::window(), &"BarcodeDetector".into()) else { return };
    let (Ok(reader), Some(button)) = (reader.dyn_into::<Function>(), dom::first("[data-scan-camera]")) else {
        return;
    };
    let _ = button.remove_attribute("hidden");
    dom::on(&button, "click", move |_: Event| {
        let reader = reader.clone();
        leptos::task::spawn_local(async move {
            if let Ok(Some((reader, video))) = begin(&reader).await {
                look(reader, video, String::new(), scanned);
            }
        });
    });
}

/// Opens the camera at the back and makes a reader of QR and Code 128.
async fn begin(reader: &Function) -> Result<Option<(Object, HtmlVideoElement)>, JsValue> {
    let Some(video) = dom::first("[data-scan-video]").and_then(|video| video.dyn_into().ok()) else {
        return Ok(None);
    };
    let video: HtmlVideoElement = video;
    let devices = Reflect::get(&dom::window().navigator(), &"mediaDevices".into())?;
    let open: Function = Reflect::get(&devices, &"getUserMedia".into())?.dyn_into()?;
    let (wish, back) = (Object::new(), Object::new());
    Reflect::set(&back, &"facingMode".into(), &"environment".into())?;
    Reflect::set(&wish, &"video".into(), &back)?;
    let stream = JsFuture::from(open.call1(&devices, &wish)?.dyn_into::<Promise>()?).await?;
    Reflect::set(&video, &"srcObject".into(), &stream)?;
    video.remove_attribute("hidden")?;
    JsFuture::from(video.play()?).await?;
    let options = Object::new();
    let formats = Array::of2(&"qr_code".into(), &"code_128".into());
    Reflect::set(&options, &"formats".into(), &formats)?;
    let reader: Object = Reflect::construct(reader, &Array::of1(&options))?.dyn_into()?;
    Ok(Some((reader, video)))
}

/// Looks again and again; the code that was in sight the last time is the same sheet.
fn look(reader: Object, video: HtmlVideoElement, last: String, scanned: fn(String)) {
    dom::after(LOOK, move || {
        leptos::task::spawn_local(async move {
            let seen = read(&reader, &video).await.ok().flatten().unwrap_or_default();
            if !seen.is_empty() && seen != last {
                scanned(seen.clone());
            }
            look(reader, video, seen, scanned);
        });
    });
}

async fn read(reader: &Object, video: &HtmlVideoElement) -> Result<Option<String>, JsValue> {
    let detect: Function = Reflect::get(reader, &"detect".into())?.dyn_into()?;
    let found = JsFuture::from(detect.call1(reader, video)?.dyn_into::<Promise>()?).await?;
    let first = Array::from(&found).get(0);
    if first.is_undefined() {
        return Ok(None);
    }
    Ok(Reflect::get(&first, &"rawValue".into())?.as_string())
}
