//! Markdown to plain text, by the tree that the `markdown` crate reads (CommonMark and GFM).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ::markdown::mdast::{List, Node, Table};
use ::markdown::{ParseOptions, to_mdast};

/// Deeper nesting than this is flattened.
const DEEPEST: usize = 12;

pub(super) fn to_plain(text: &str) -> String {
    // CommonMark and GFM never fail to parse; the text itself is the answer if that should change.
    let Ok(root) = to_mdast(text, &options()) else { return text.to_string() };
    let mut out = String::with_capacity(text.len());
    blocks(children(&root), 0, &mut out);
    leftovers(&out)
}

fn options() -> ParseOptions {
    let mut options = ParseOptions::gfm();
    // Indented text is an AI's layout, hardly ever code.
    options.constructs.code_indented = false;
    options.constructs.gfm_autolink_literal = false;
    options
}

fn children(node: &Node) -> &[Node] {
    node.children().map_or(&[], Vec::as_slice)
}

fn blocks(nodes: &[Node], depth: usize, out: &mut String) {
    for node in nodes {
        gap(out);
        block(node, depth, out);
    }
}

/// An empty line between blocks.
fn gap(out: &mut String) {
    while out.ends_with(' ') {
        out.pop();
    }
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push_str(if out.ends_with('\n') { "\n" } else { "\n\n" });
    }
}

fn block(node: &Node, depth: usize, out: &mut String) {
    match node {
        Node::List(list) => list_items(list, depth, out),
        Node::Table(table) => rows(table, out),
        Node::Code(code) => out.push_str(&code.value),
        Node::Html(html) => out.push_str(&without_tags(&html.value)),
        Node::Blockquote(_) | Node::FootnoteDefinition(_) if depth < DEEPEST => {
            blocks(children(node), depth + 1, out);
        }
        Node::ThematicBreak(_) | Node::Definition(_) => {}
        _ => inline(node, out),
    }
}

fn list_items(list: &List, depth: usize, out: &mut String) {
    let mut number = list.start.unwrap_or(1);
    for (index, item) in list.children.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        for _ in 0..depth.min(3) {
            out.push_str("  ");
        }
        if list.ordered {
            out.push_str(&format!("{number}. "));
            number += 1;
        } else {
            out.push_str("• ");
        }
        for (part, node) in children(item).iter().enumerate() {
            if part > 0 {
                out.push('\n');
            }
            block(node, (depth + 1).min(DEEPEST), out);
        }
    }
}

/// A row reads "Crop: maize, Month: May"; two columns read "maize: May".
fn rows(table: &Table, out: &mut String) {
    let cells = |row: &Node| children(row).iter().map(text_of).collect::<Vec<_>>();
    let mut all = table.children.iter().map(cells);
    let head = all.next().unwrap_or_default();
    for (index, row) in all.enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if let ([_, _], [first, second]) = (head.as_slice(), row.as_slice()) {
            out.push_str(&format!("{first}: {second}"));
            continue;
        }
        let named = head.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
        let line =
            named.map(|(name, cell)| if name.is_empty() { cell.clone() } else { format!("{name}: {cell}") });
        out.push_str(&line.collect::<Vec<_>>().join(", "));
    }
    if table.children.len() == 1 {
        out.push_str(&head.join(", "));
    }
}

fn text_of(node: &Node) -> String {
    let mut out = String::new();
    inline(node, &mut out);
    out.trim().to_string()
}

fn inline(node: &Node, out: &mut String) {
    match node {
        Node::Text(text) => out.push_str(&text.value),
        Node::InlineCode(code) => out.push_str(&code.value),
        Node::Code(code) => out.push_str(&code.value),
        Node::Break(_) => out.push('\n'),
        Node::Html(html) => out.push_str(&without_tags(&html.value)),
        Node::Image(image) => out.push_str(&image.alt),
        Node::Link(link) => {
            let text = text_of_children(&link.children);
            out.push_str(&text);
            let target = link.url.trim_start_matches("mailto:");
            if !target.is_empty() && target != text {
                out.push_str(&format!(" ({target})"));
            }
        }
        _ => children(node).iter().for_each(|child| inline(child, out)),
    }
}

fn text_of_children(nodes: &[Node]) -> String {
    let mut out = String::new();
    for node in nodes {
        inline(node, &mut out);
    }
    out
}

/// `<br>` is a new line, other tags go; a lone "<" stays.
fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let tag = &rest[start..];
        let Some(end) = tag.find('>') else {
            rest = tag;
            break;
        };
        let name = tag[1..end].trim_matches(['/', ' ']).to_ascii_lowercase();
        if matches!(name.as_str(), "br" | "p" | "li" | "div" | "tr") {
            out.push('\n');
        }
        rest = &tag[end + 1..];
    }
    out.push_str(rest);
    out
}

/// Marks that were no Markdown for the parser, but look like it to a reader.
fn leftovers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let body = line.trim_start();
        let hashes = body.chars().take_while(|c| *c == '#').count();
        let line = if (1..=6).contains(&hashes) && body[hashes..].starts_with([' ', '*']) {
            body[hashes..].trim_start()
        } else if body.starts_with("```") {
            "\n"
        } else {
            line
        };
        out.push_str(&line.replace("**", "").replace("```", "").replace("__", ""));
    }
    out
}
