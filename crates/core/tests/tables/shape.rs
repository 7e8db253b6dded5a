use answerbot_core::shape::{cut, plain, to_last_sentence, units};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

#[test]
fn markdown_becomes_plain_text() {
    for (from, to) in [
        ("# Malaria\n\nIt is a **serious** disease.", "Malaria\n\nIt is a serious disease."),
        ("It is *very* __bad__ and ~~old~~ `code`.", "It is very bad and old code."),
        ("- one\n- two\n  - deep\n- three", "• one\n• two\n  • deep\n• three"),
        ("1. Dig\n2. Plant\n3. Water", "1. Dig\n2. Plant\n3. Water"),
        ("3) c\n4) d", "3. c\n4. d"),
        ("| Crop | Month |\n|---|---|\n| Maize | May |\n| Beans | June |", "Maize: May\nBeans: June"),
        ("| A | B | C |\n|---|---|---|\n| 1 | 2 | 3 |", "A: 1, B: 2, C: 3"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("[WHO](https://who.int)", "WHO (https://who.int)"),
        ("<https://who.int>", "https://who.int"),
        ("![a goat](x.png)", "a goat"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("> quoted", "quoted"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("**Title**\nText", "Title\nText"),
        ("1. **Dig:** deep\n   - not too deep\n2. **Plant**", "1. Dig: deep\n  • not too deep\n2. Plant"),
        ("Tom & Jerry, 3 < 5 and 7 > 2", "Tom & Jerry, 3 < 5 and 7 > 2"),
        ("snake_case_word and 2 * 3 * 4 = 24", "snake_case_word and 2 * 3 * 4 = 24"),
        ("مرحبا **يا** صديق", "مرحبا يا صديق"),
        ("Hi 👋🏾 there 👨‍👩‍👧", "Hi 👋🏾 there 👨‍👩‍👧"),
        ("", ""),
        ("   \n\n  ", ""),
        ("line one\nline two", "line one\nline two"),
    ] {
        assert_eq!(plain(from), to, "{from:?}");
    }
}

#[test]
fn latex_becomes_plain_text() {
    for (from, to) in [
        (r"\(\frac{1}{2}\)", "1/2"),
        (r"$$x^2 + y^2 = z^2$$", "x² + y² = z²"),
        (r"\[ a_1 \times b_2 \]", "a₁ × b₂"),
        (r"The area is $A = \pi r^2$.", "The area is A = π r²."),
        (r"$a\times b$", "a×b"),
        (r"$H_2O$ and $CO_2$", "H₂O and CO₂"),
        (r"$\frac{a+b}{c}$", "(a+b)/c"),
        (r"$\sqrt{16} = 4$", "√16 = 4"),
        (r"\frac{3}{4} of it", "3/4 of it"),
        (r"$x^{10}$", "x¹⁰"),
        (r"90^\circ", r"90^°"),
        (r"$90^\circ$", "90°"),
        (r"$\alpha + \beta \leq \gamma$", "α + β ≤ γ"),
        ("It costs $5 and $10.", "It costs $5 and $10."),
        ("From $3 to $4 million", "From $3 to $4 million"),
        (r"C:\temp\files", r"C:\temp\files"),
        (r"$2 * 3 * 4 = 24$", "2 * 3 * 4 = 24"),
        (r"$x$ is unknown", "x is unknown"),
    ] {
        assert_eq!(plain(from), to, "{from:?}");
    }
}

#[test]
fn garbage_is_taken() {
    for text in [
        "\\",
        "$",
        "$$",
        "\\frac{",
        "\\frac{{{{",
        "****",
        "[](",
        "```",
        "|||",
        "<",
        "<a",
        "\u{0}\u{7}x",
        "\\begin{",
        "_^_^",
        "$^$",
        "$\\$",
        "\\\\\\",
    ] {
        let _ = plain(text);
    }
    assert_eq!(plain("a\u{0}b\u{7}"), "ab");
    let deep = "> ".repeat(3_000) + "x";
    let _ = plain(&deep);
    let deep = "- ".repeat(500) + "x";
    let _ = plain(&deep);
    let deep = "\\frac{".repeat(3_000);
    let _ = plain(&deep);
    let deep = "$".to_string() + &"x^{".repeat(60) + &"}".repeat(60) + "$";
    let _ = plain(&deep);
    let deep = "[".repeat(5_000) + "x" + &"]".repeat(5_000);
    let _ = plain(&deep);
    let deep = "*a _b ".repeat(2_000);
    let _ = plain(&deep);
}

#[test]
fn a_cut_takes_a_sentence_first() {
    assert_eq!(cut("One two. Three four five", 14), ("One two.", "Three four five"));
    assert_eq!(cut("One two three four five", 12), ("One two", "three four five"));
    assert_eq!(cut("abcdefghij", 4), ("abcd", "efghij"));
    assert_eq!(cut("short", 10), ("short", ""));
    assert_eq!(cut("One two three.\nFour", 16), ("One two three.", "Four"));
    // "2." begins a list item.
    assert_eq!(cut("Dig a hole\n2. Plant a seed now", 16), ("Dig a hole", "2. Plant a seed now"));
    assert_eq!(cut("It was in 1998. Then more came", 20), ("It was in 1998.", "Then more came"));
}

#[test]
fn a_cut_spares_graphemes() {
    let family = "👨‍👩‍👧‍👦".repeat(30);
    let (first, rest) = cut(&family, 50);
    assert_eq!(units(first) % 11, 0, "{first}");
    assert_eq!(format!("{first}{rest}"), family);
    let zalgo = format!("a{}", "\u{301}".repeat(3_000));
    let (first, rest) = cut(&zalgo, 1_900);
    assert!(units(first) <= 1_900 && !first.is_empty() && !rest.is_empty());
    let long = "x".repeat(5_000);
    let (first, _) = cut(&long, 1_900);
    assert_eq!(units(first), 1_900);
    assert_eq!(cut("👍", 1), ("👍", ""));
}

#[test]
fn an_answer_that_was_cut_ends_with_its_last_sentence() {
    for (from, to) in [
        ("One two three. Four", "One two three."),
        ("Built in 1998. And", "Built in 1998."),
        ("First we dig a hole.\n2. ", "First we dig a hole."),
        ("No end here", "No end here"),
        (
            "Hi. This is a very long beginning of a sentence",
            "Hi. This is a very long beginning of a sentence",
        ),
        ("He said \"stop.\" Then", "He said \"stop."),
        ("هل هذا صحيح؟ نعم", "هل هذا صحيح؟"),
    ] {
        assert_eq!(to_last_sentence(from), to);
    }
}

proptest! {
    #[test]
    fn any_text_is_shaped_and_cut(text in "\\PC{0,400}", most in 1_usize..200) {
        let shaped = plain(&text);
        prop_assert!(!shaped.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        let (first, rest) = cut(&text, most);
        let longest = text.graphemes(true).map(units).max().unwrap_or(0);
        prop_assert!(units(first) <= most || longest > most);
        let words = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(words(first) + &words(rest), words(&text));
        if longest <= most {
            let whole: Vec<&str> = text.graphemes(true).collect();
            for grapheme in first.graphemes(true) {
                prop_assert!(whole.contains(&grapheme));
            }
        }
    }

    #[test]
    fn markup_soup_is_taken(text in "([*_#>`|~$\\\\{}\\[\\]()<^ \n1a.-]|frac|sqrt|\\$\\$|<br>){0,120}") {
        let _ = plain(&text);
    }
}
