//! The pages of a pack as PDF: the same marks as on the page, with the font inside, so that every printer prints the
//! same. Nothing in it depends on when or where it is made: the same pack gives the same bytes.

use std::collections::BTreeMap;

use domain::packs::{Mark, Page};
use pdf_writer::{
    Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

/// Arimo (SIL Open Font License, see `assets/fonts/OFL.txt`): the widths of Helvetica, by which pages are laid out.
const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Arimo-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/Arimo-Bold.ttf");

const CATALOG: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
/// Each of the two fonts takes five objects.
const FONTS: [i32; 2] = [4, 9];
const FIRST_PAGE: i32 = 14;
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A font and the letters of it that were used.
struct Font {
    name: &'static str,
    data: &'static [u8],
    face: Face<'static>,
    remapper: GlyphRemapper,
    /// By the glyph's number in the subset: what it stands for and how wide it is.
    used: BTreeMap<u16, (char, f32)>,
}

impl Font {
    fn new(name: &'static str, data: &'static [u8]) -> Self {
        let face = Face::parse(data, 0).expect("the font is part of the program and a test reads it");
        Self { name, data, face, remapper: GlyphRemapper::new(), used: BTreeMap::new() }
    }

    /// The text as glyph numbers of the subset. What the font does not have becomes a question mark.
    fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for sign in text.chars() {
            let found = self.face.glyph_index(sign).map(|glyph| (sign, glyph));
            let (sign, glyph) =
                found.unwrap_or_else(|| ('?', self.face.glyph_index('?').unwrap_or(GlyphId(0))));
            let number = self.remapper.remap(glyph.0);
            let advance = self.face.glyph_hor_advance(glyph).unwrap_or(0);
            let width = f32::from(advance) * 1000.0 / f32::from(self.face.units_per_em());
            self.used.insert(number, (sign, width));
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    /// Writes the font's five objects from `first` on.
    fn write(&self, pdf: &mut Pdf, first: i32) {
        let [font, cid, descriptor, file, map] = [0, 1, 2, 3, 4].map(|more| Ref::new(first + more));
        let name = Name(self.name.as_bytes());
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(map);
        let mut writer = pdf.cid_font(cid);
        writer.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY).font_descriptor(descriptor);
        writer.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = writer.widths();
        for (number, (_, width)) in &self.used {
            widths.consecutive(*number, [*width]);
        }
        widths.finish();
        writer.finish();
        let scale = |value: i16| f32::from(value) * 1000.0 / f32::from(self.face.units_per_em());
        let bounds = self.face.global_bounding_box();
        pdf.font_descriptor(descriptor)
            .name(name)
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(
                scale(bounds.x_min),
                scale(bounds.y_min),
                scale(bounds.x_max),
                scale(bounds.y_max),
            ))
            .italic_angle(0.0)
            .ascent(scale(self.face.ascender()))
            .descent(scale(self.face.descender()))
            .cap_height(scale(self.face.capital_height().unwrap_or(self.face.ascender())))
            .stem_v(if self.face.is_bold() { 140.0 } else { 80.0 })
            .font_file2(file);
        let subset = subsetter::subset(self.data, 0, &self.remapper).expect("a test subsets both fonts");
        let length = i32::try_from(subset.len()).unwrap_or(i32::MAX);
        let packed = packed(&subset);
        pdf.stream(file, &packed).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
        let mut unicode = UnicodeCmap::new(Name(b"Text"), IDENTITY);
        for (number, (sign, _)) in &self.used {
            unicode.pair(*number, *sign);
        }
        pdf.cmap(map, &unicode.finish());
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6)
}

fn object(index: usize, more: i32) -> Ref {
    Ref::new(FIRST_PAGE + i32::try_from(index).unwrap_or(i32::MAX / 4) * 2 + more)
}

/// The pages as a PDF file.
pub fn pdf(title: &str, pages: impl Iterator<Item = Page>) -> Vec<u8> {
    let mut fonts = [Font::new("DCPACK+Arimo", REGULAR), Font::new("DCPACK+Arimo-Bold", BOLD)];
    let mut pdf = Pdf::new();
    pdf.document_info(INFO).title(TextStr(title)).producer(TextStr("Downtime Command"));
    pdf.catalog(CATALOG).pages(TREE).lang(TextStr("en"));
    let mut count = 0;
    for (index, page) in pages.enumerate() {
        let stream = packed(&content(&page, &mut fonts));
        pdf.stream(object(index, 1), &stream).filter(Filter::FlateDecode);
        let mut writer = pdf.page(object(index, 0));
        writer.parent(TREE).contents(object(index, 1));
        writer.media_box(Rect::new(0.0, 0.0, points(page.width), points(page.height)));
        let mut resources = writer.resources();
        let mut names = resources.fonts();
        names.pair(Name(b"R"), Ref::new(FONTS[0])).pair(Name(b"B"), Ref::new(FONTS[1]));
        names.finish();
        resources.finish();
        writer.finish();
        count = index + 1;
    }
    let kids = (0..count).map(|index| object(index, 0));
    pdf.pages(TREE).count(i32::try_from(count).unwrap_or(i32::MAX)).kids(kids);
    for (font, first) in fonts.iter().zip(FONTS) {
        font.write(&mut pdf, first);
    }
    pdf.finish()
}

/// Points are small numbers.
#[expect(clippy::cast_possible_truncation, reason = "a page is less than a thousand points wide and high")]
fn points(value: f64) -> f32 {
    value as f32
}

/// The marks of a page; PDF counts from the bottom.
fn content(page: &Page, fonts: &mut [Font; 2]) -> Vec<u8> {
    let mut content = Content::new();
    let up = |y: f64| points(page.height - y);
    for mark in &page.marks {
        match mark {
            Mark::Text { x, y, size, bold, text } => {
                let (font, name) =
                    if *bold { (&mut fonts[1], Name(b"B")) } else { (&mut fonts[0], Name(b"R")) };
                let glyphs = font.encode(text);
                content.begin_text().set_font(name, points(*size));
                content.next_line(points(*x), up(*y)).show(Str(&glyphs)).end_text();
            }
            Mark::Line { x, y, to_x, to_y, width } => {
                content.set_line_width(points(*width)).move_to(points(*x), up(*y));
                content.line_to(points(*to_x), up(*to_y)).stroke();
            }
            Mark::Frame { x, y, width, height, line } => {
                content.set_line_width(points(*line));
                content.rect(points(*x), up(y + height), points(*width), points(*height)).stroke();
            }
            Mark::Dark { boxes } => {
                for [x, y, width, height] in boxes {
                    content.rect(points(*x), up(y + height), points(*width), points(*height));
                }
                content.fill_nonzero();
            }
        }
    }
    content.finish().into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        let text = |bold| Mark::Text { x: 40.0, y: 60.0, size: 12.0, bold, text: text.to_owned() };
        Page { width: 612.0, height: 792.0, title: "A sheet".into(), marks: vec![text(false), text(true)] }
    }

    /// Both fonts can be read and cut down to what is used, whatever people call their wards.
    #[test]
    fn any_text_becomes_the_same_bytes_each_time() {
        for text in ["4 West", "Säuglinge, Kardiología, Øre", "小児科", "\u{1F3E5} ward", ""] {
            let once = pdf(text, [page(text)].into_iter());
            assert!(once.starts_with(b"%PDF-") && once.ends_with(b"%%EOF"), "{text}");
            assert_eq!(once, pdf(text, [page(text)].into_iter()), "{text}");
            assert!(once.len() < 60_000, "only the letters that are used are inside: {} bytes", once.len());
        }
    }
}
