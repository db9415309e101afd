//! One tone for each kind of answer, for people who look at the paper: short and high is taken, two are a double, long
//! and low is refused.

use std::cell::RefCell;

use web_sys::{AudioContext, OscillatorType};

thread_local! {
    static SOUND: RefCell<Option<AudioContext>> = const { RefCell::new(None) };
}

/// Plays the tone of an answer. A browser without sound is a quiet one.
pub fn play(word: &str, good: bool) {
    let tones: &[(f32, f64, f64)] = match (good, word) {
        (true, _) => &[(1_320.0, 0.0, 0.07)],
        (false, "ALREADY") => &[(660.0, 0.0, 0.07), (660.0, 0.12, 0.07)],
        _ => &[(180.0, 0.0, 0.4)],
    };
    SOUND.with_borrow_mut(|sound| {
        if sound.is_none() {
            *sound = AudioContext::new().ok();
        }
        let Some(context) = sound.as_ref() else { return };
        for (pitch, after, length) in tones {
            let _ = tone(context, *pitch, *after, *length);
        }
    });
}

fn tone(context: &AudioContext, pitch: f32, after: f64, length: f64) -> Result<(), wasm_bindgen::JsValue> {
    let (tone, volume) = (context.create_oscillator()?, context.create_gain()?);
    tone.set_type(OscillatorType::Square);
    tone.frequency().set_value(pitch);
    volume.gain().set_value(0.1);
    tone.connect_with_audio_node(&volume)?;
    volume.connect_with_audio_node(&context.destination())?;
    let begins = context.current_time() + after;
    tone.start_with_when(begins)?;
    tone.stop_with_when(begins + length)
}
