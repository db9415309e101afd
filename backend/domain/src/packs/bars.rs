//! The two codes on a sheet: QR for cameras and modern scanners, Code 128 for every scanner there is.

/// Widths of bars and spaces of each symbol of Code 128 (ISO/IEC 15417, annex A), in modules.
#[rustfmt::skip]
const SYMBOLS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];
const START_B: usize = 104;
const STOP: usize = 106;
/// Light modules on either side, without which a scanner finds no beginning.
const QUIET: u32 = 10;

/// The dark bars of a text in code set B as (first module, modules), and how many modules there are in all, the
/// quiet zones included. A character outside printable ASCII becomes a question mark.
pub fn code128(text: &str) -> (Vec<(u32, u32)>, u32) {
    let mut values = vec![START_B];
    values.extend(text.chars().map(|sign| match u32::from(sign) {
        code @ 32..=126 => usize::try_from(code - 32).unwrap_or(31),
        _ => 31,
    }));
    let weighted = values.iter().enumerate().skip(1).map(|(place, value)| place * value);
    let check = (START_B + weighted.sum::<usize>()) % 103;
    values.extend([check, STOP]);
    let (mut at, mut bars) = (QUIET, Vec::new());
    for value in values {
        for (index, width) in SYMBOLS[value].chars().enumerate() {
            let width = width.to_digit(10).unwrap_or(1);
            if index % 2 == 0 {
                bars.push((at, width));
            }
            at += width;
        }
    }
    (bars, at + QUIET)
}

/// The dark modules of a text as a QR code, in runs of (row, first module, modules), and its width in modules
/// without a quiet zone. Error correction M: a seventh of it may be smeared. Empty for a text that no QR code holds.
pub fn qr(text: &str) -> (Vec<(u32, u32, u32)>, u32) {
    let Ok(code) = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium) else {
        return (Vec::new(), 1);
    };
    let size = code.size();
    let mut runs = Vec::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let from = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > from {
                let number = |value: i32| u32::try_from(value).unwrap_or(0);
                runs.push((number(y), number(from), number(x - from)));
            }
            x += 1;
        }
    }
    (runs, u32::try_from(size).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_symbol_has_eleven_modules_and_stands_once() {
        let widths = |symbol: &str| symbol.chars().filter_map(|width| width.to_digit(10)).sum::<u32>();
        assert!(SYMBOLS[..STOP].iter().all(|symbol| widths(symbol) == 11 && symbol.len() == 6));
        assert_eq!(widths(SYMBOLS[STOP]), 13);
        assert_eq!(SYMBOLS.iter().collect::<BTreeSet<_>>().len(), SYMBOLS.len());
    }

    proptest! {
        /// Bars follow each other without touching, and there are as many modules as the text asks for.
        #[test]
        fn bars_never_touch(text in "[ -~]{1,40}") {
            let (bars, all) = code128(&text);
            prop_assert_eq!(all as usize, 2 * 10 + 11 * (text.len() + 2) + 13);
            prop_assert!(bars.windows(2).all(|pair| pair[0].0 + pair[0].1 < pair[1].0));
        }

        #[test]
        fn a_qr_code_is_square_and_has_its_three_corners(text in "[A-Z0-9-]{8,40}") {
            let (runs, size) = qr(&text);
            for (row, from) in [(0, 0), (0, size - 7), (size - 1, 0)] {
                prop_assert!(runs.contains(&(row, from, 7)), "a corner stands at row {}, module {}", row, from);
            }
        }
    }
}
