//! CSV text into records, with the lines they stand on. What no quote closes is told, never swallowed.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

/// One record.
pub(super) struct Record {
    /// The line it begins on, counted from 1 as editors do.
    pub(super) first_line: usize,
    /// The line it ends on: a later one when a quoted cell holds line ends.
    pub(super) last_line: usize,
    /// Its cells, unquoted.
    pub(super) cells: Vec<String>,
    /// Whether the text ended inside a quoted cell, so that the rest of the file may stand in it.
    pub(super) is_open: bool,
}

/// The records of a text. Blank lines are none.
pub(super) struct Records {
    reader: Reader,
    text: Vec<u8>,
    at: usize,
    line: usize,
}

impl Records {
    /// Reads `text` with one delimiter. A byte order mark is passed over.
    pub(super) fn new(text: &str, delimiter: u8) -> Self {
        // One kind of line end, so that lines are counted the same in every file; and always one at the end,
        // so that only an open quote is left over there.
        let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let reader = ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        Self { reader, text: text.into_bytes(), at: 0, line: 1 }
    }

    fn pass(&mut self, bytes: usize) {
        self.line += self.text[self.at..self.at + bytes].split(|it| *it == b'\n').skip(1).count();
        self.at += bytes;
    }
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let blank = self.text[self.at..].iter().take_while(|it| **it == b'\n').count();
        self.pass(blank);
        if self.at == self.text.len() {
            return None;
        }
        let first_line = self.line;
        let (mut out, mut ends) = (vec![0; 256], vec![0; 16]);
        let (mut written, mut fields) = (0, 0);
        let mut is_open = false;
        loop {
            let (result, read, wrote, ended) =
                self.reader.read_record(&self.text[self.at..], &mut out[written..], &mut ends[fields..]);
            self.pass(read);
            written += wrote;
            fields += ended;
            match result {
                // The next round says with an empty input that nothing follows.
                ReadRecordResult::InputEmpty => is_open = true,
                ReadRecordResult::OutputFull => out.resize(out.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return None,
            }
        }
        let mut begin = 0;
        let cells = ends[..fields].iter().map(|end| {
            let cell = String::from_utf8_lossy(&out[begin..*end]).into_owned();
            begin = *end;
            cell
        });
        let cells = cells.collect();
        // The line end that closes the record is not part of it.
        let last_line = self.line.saturating_sub(1).max(first_line);
        Some(Record { first_line, last_line, cells, is_open })
    }
}
