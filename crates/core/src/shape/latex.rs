//! LaTeX as a reader without a renderer writes it: `\frac{1}{2}` is 1/2, `x^2` is x².

use alloc::format;
use alloc::string::String;

/// Deeper nesting than this is left as it is.
const DEEPEST: usize = 16;

#[rustfmt::skip]
const COMMANDS: &[(&str, &str)] = &[
    ("times", "×"), ("cdot", "·"), ("div", "÷"), ("pm", "±"), ("mp", "∓"), ("leq", "≤"), ("le", "≤"), ("geq", "≥"),
    ("ge", "≥"), ("neq", "≠"), ("ne", "≠"), ("approx", "≈"), ("equiv", "≡"), ("sim", "~"), ("propto", "∝"),
    ("rightarrow", "→"), ("to", "→"), ("longrightarrow", "→"), ("leftarrow", "←"), ("Rightarrow", "⇒"),
    ("implies", "⇒"), ("iff", "⇔"), ("rightleftharpoons", "⇌"), ("leftrightarrow", "↔"), ("infty", "∞"),
    ("degree", "°"), ("circ", "°"), ("angle", "∠"), ("triangle", "△"), ("perp", "⊥"), ("parallel", "∥"),
    ("sum", "∑"), ("prod", "∏"), ("int", "∫"), ("partial", "∂"), ("nabla", "∇"), ("in", "∈"), ("notin", "∉"),
    ("subset", "⊂"), ("cup", "∪"), ("cap", "∩"), ("emptyset", "∅"), ("forall", "∀"), ("exists", "∃"),
    ("therefore", "∴"), ("because", "∵"), ("ldots", "..."), ("dots", "..."), ("cdots", "..."), ("alpha", "α"),
    ("beta", "β"), ("gamma", "γ"), ("delta", "δ"), ("epsilon", "ε"), ("varepsilon", "ε"), ("theta", "θ"),
    ("lambda", "λ"), ("mu", "μ"), ("pi", "π"), ("rho", "ρ"), ("sigma", "σ"), ("tau", "τ"), ("phi", "φ"),
    ("varphi", "φ"), ("omega", "ω"), ("Gamma", "Γ"), ("Delta", "Δ"), ("Theta", "Θ"), ("Lambda", "Λ"), ("Pi", "Π"),
    ("Sigma", "Σ"), ("Phi", "Φ"), ("Omega", "Ω"), ("eta", "η"), ("nu", "ν"), ("sin", "sin"), ("cos", "cos"),
    ("tan", "tan"), ("log", "log"), ("ln", "ln"), ("lim", "lim"), ("max", "max"), ("min", "min"), ("quad", " "),
    ("qquad", " "), ("left", ""), ("right", ""), ("displaystyle", ""), ("limits", ""), ("big", ""), ("Big", ""),
    ("text", ""), ("mathrm", ""), ("mathbf", ""), ("textbf", ""), ("textit", ""), ("mathit", ""), ("boxed", ""),
    ("operatorname", ""), ("overline", ""), ("underline", ""), ("vec", ""), ("hat", ""), ("bar", ""), ("percent", "%"),
    ("hline", ""),
];

/// Rewrites what is LaTeX in a text, delimited or not, and leaves everything else alone.
pub(super) fn to_plain(text: &str) -> String {
    if !text.contains(['\\', '$']) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '$']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((math, after)) = delimited(rest) {
            out.push_str(&escape(&convert(math, 0)));
            rest = after;
        } else if let Some((math, after)) = bare_command(rest) {
            out.push_str(&escape(&convert(math, 0)));
            rest = after;
        } else {
            let step = rest.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..step]);
            rest = &rest[step..];
        }
    }
    out.push_str(rest);
    out
}

/// `$$..$$`, `\[..\]`, `\(..\)`, or `$..$` that reads like mathematics: "$5 and $10" are prices.
fn delimited(text: &str) -> Option<(&str, &str)> {
    for (open, close) in [("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)")] {
        if let Some(inner) = text.strip_prefix(open) {
            let end = inner.find(close)?;
            return Some((&inner[..end], &inner[end + close.len()..]));
        }
    }
    let inner = text.strip_prefix('$')?;
    let end = inner.find('$').filter(|end| *end <= 200)?;
    let math = &inner[..end];
    let after = &inner[end + 1..];
    let is_math = !math.is_empty()
        && !math.contains('\n')
        && !math.starts_with(' ')
        && !math.ends_with(' ')
        && !after.starts_with(|c: char| c.is_ascii_digit())
        && (math.contains(['\\', '^', '_', '=', '+', '{']) || math.chars().count() <= 2);
    is_math.then_some((math, after))
}

/// A known command outside of any delimiter, with its arguments.
fn bare_command(text: &str) -> Option<(&str, &str)> {
    let name = command_name(text.strip_prefix('\\')?);
    let known = matches!(name, "frac" | "dfrac" | "tfrac" | "sqrt")
        || COMMANDS.iter().any(|(known, _)| *known == name);
    if !known || name.len() < 2 {
        return None;
    }
    let mut end = 1 + name.len();
    while text[end..].starts_with('{') {
        end += group(&text[end..])?.len() + 2;
    }
    Some((&text[..end], &text[end..]))
}

fn command_name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    &text[..end]
}

/// The inside of a `{...}` that `text` begins with.
fn group(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(1..at);
                }
            }
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// A group, a command or one character, and what follows it.
fn argument(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    if let Some(inner) = group(text) {
        return (inner, &text[inner.len() + 2..]);
    }
    let end = match text.strip_prefix('\\') {
        Some(name) => 1 + command_name(name).len(),
        None => text.chars().next().map_or(0, char::len_utf8),
    };
    text.split_at(end)
}

fn convert(math: &str, depth: usize) -> String {
    if depth > DEEPEST {
        return math.into();
    }
    let mut out = String::with_capacity(math.len());
    let mut rest = math;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => rest = command(rest, depth, &mut out),
            '^' | '_' => {
                let (inner, after) = argument(rest);
                out.push_str(&raised(c, &convert(inner, depth + 1)));
                rest = after;
            }
            '{' | '}' | '$' => {}
            '&' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

fn command<'a>(rest: &'a str, depth: usize, out: &mut String) -> &'a str {
    let name = command_name(rest);
    let after = &rest[name.len()..];
    match name {
        "" => {
            let sign = rest.chars().next().unwrap_or_default();
            match sign {
                '\\' => out.push('\n'),
                ',' | ';' | ':' | ' ' => out.push(' '),
                '!' | '(' | ')' | '[' | ']' => {}
                _ => out.push(sign),
            }
            &rest[sign.len_utf8().min(rest.len())..]
        }
        "frac" | "dfrac" | "tfrac" => {
            let (above, after) = argument(after);
            let (below, after) = argument(after);
            let (above, below) = (convert(above, depth + 1), convert(below, depth + 1));
            out.push_str(&format!("{}/{}", grouped(&above), grouped(&below)));
            after
        }
        "sqrt" => {
            let (inner, after) = argument(after);
            out.push_str(&format!("√{}", grouped(&convert(inner, depth + 1))));
            after
        }
        "begin" | "end" => argument(after).1,
        _ => {
            let spaced = out.ends_with(' ');
            let sign = COMMANDS.iter().find(|(known, _)| *known == name).map_or(name, |(_, sign)| sign);
            out.push_str(sign);
            // A space after a command may only end its name: "a\\times b" is a×b, "a \\times b" is a × b.
            let ends_name = sign.trim().is_empty() || (!spaced && !sign.ends_with(char::is_alphabetic));
            if ends_name { after.strip_prefix(' ').unwrap_or(after) } else { after }
        }
    }
}

fn grouped(text: &str) -> String {
    if text.chars().all(|c| c.is_alphanumeric() || c == '.') { text.into() } else { format!("({text})") }
}

/// Superscripts and subscripts that exist as characters, else `^(..)` and `_(..)`.
fn raised(mark: char, text: &str) -> String {
    if text == "°" {
        return text.into();
    }
    let (from, to) = match mark {
        '^' => ("0123456789+-n()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ⁽⁾"),
        _ => ("0123456789+-n()", "₀₁₂₃₄₅₆₇₈₉₊₋ₙ₍₎"),
    };
    let small = text.chars().map(|c| from.find(c).and_then(|at| to.chars().nth(at)));
    small.collect::<Option<String>>().unwrap_or_else(|| match text.chars().count() {
        1 => format!("{mark}{text}"),
        _ => format!("{mark}({text})"),
    })
}

/// What mathematics writes must not become Markdown in the next step.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '`' | '[' | ']' | '<' | '#' | '|' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
