//! Tables for work: dense, with a sticky header and tabular figures; on a phone each row becomes a block whose
//! cells carry their own labels.

use leptos::prelude::*;

/// One column.
pub struct Column {
    label: String,
    class: &'static str,
    label_unseen: bool,
}

impl Column {
    /// A column of words.
    pub fn new(label: &str) -> Self {
        Self { label: label.to_owned(), class: "", label_unseen: false }
    }

    /// A column of figures, aligned at the right.
    pub fn number(label: &str) -> Self {
        Self { label: label.to_owned(), class: "number", label_unseen: false }
    }

    /// A column whose label stays beside its words in a queue on a phone, because they say little alone.
    pub fn labelled(label: &str) -> Self {
        Self { label: label.to_owned(), class: "labelled", label_unseen: false }
    }

    /// The column of a row's actions, at the right and without a visible label.
    pub fn actions() -> Self {
        Self { label: "Action".to_owned(), class: "row-actions", label_unseen: true }
    }

    /// A column to be written in by hand: empty, and only on paper.
    pub fn by_hand(label: &str) -> Self {
        Self { label: label.to_owned(), class: "by-hand", label_unseen: false }
    }
}

/// How a row stands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Plain,
    Selected,
    /// Another person has it.
    Locked,
}

/// One row; as many cells as there are columns.
pub struct Row {
    pub cells: Vec<AnyView>,
    pub standing: Standing,
}

impl Row {
    pub fn new(cells: Vec<AnyView>) -> Self {
        Self { cells, standing: Standing::Plain }
    }

    #[must_use]
    pub fn standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }
}

/// A cell of a bold line over a muted one.
pub fn two_lines(first: impl IntoView, second: impl IntoView) -> AnyView {
    view! { <span class="first">{first.into_view()}</span><span class="second">{second.into_view()}</span> }
        .into_any()
}

/// A cell of plain text.
pub fn text(words: &str) -> AnyView {
    words.to_owned().into_any()
}

/// The table. Its caption says what it lists, to those who cannot see what stands above it; `empty` is said
/// when there are no rows.
pub fn table(caption: &str, columns: Vec<Column>, rows: Vec<Row>, empty: &str) -> AnyView {
    framed("work", caption, columns, rows, empty)
}

/// A table of what is to be done next: on a phone each row is a few lines of text with its action at the right.
pub fn queue(caption: &str, columns: Vec<Column>, rows: Vec<Row>, empty: &str) -> AnyView {
    framed("work queue", caption, columns, rows, empty)
}

fn framed(class: &'static str, caption: &str, columns: Vec<Column>, rows: Vec<Row>, empty: &str) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="empty">{empty.to_owned()}</p> }.into_any();
    }
    let labels: Vec<(String, &'static str)> =
        columns.iter().map(|column| (column.label.clone(), column.class)).collect();
    view! {
        <div class="table-frame">
            <table class=class>
                <caption class="unseen">{caption.to_owned()}</caption>
                <thead>
                    <tr>
                        {columns
                            .into_iter()
                            .map(|column| {
                                let unseen = if column.label_unseen { "unseen" } else { "" };
                                view! { <th scope="col" class=column.class><span class=unseen>{column.label}</span></th> }
                            })
                            .collect_view()}
                    </tr>
                </thead>
                <tbody>
                    {rows.into_iter().map(|row| self::row(row, &labels)).collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(row: Row, labels: &[(String, &'static str)]) -> AnyView {
    let class = match row.standing {
        Standing::Plain => "",
        Standing::Selected => "selected",
        Standing::Locked => "locked",
    };
    view! {
        <tr class=class>
            {row.cells
                .into_iter()
                .zip(labels)
                .map(|(cell, (label, class))| {
                    view! { <td class=*class data-label=label.clone()>{cell}</td> }
                })
                .collect_view()}
        </tr>
    }
    .into_any()
}

/// The way to the next page of a long list, by key and never by offset.
pub fn next_page(words: &str, path: Option<String>) -> AnyView {
    path.map(|path| view! { <p class="next-page"><a href=path>{words.to_owned()}</a></p> }).into_any()
}
