//! Text line by line and field by field, without copying: what every text format here is read with.
//!
//! A line may be at most [`MAX_LINE_BYTES`] long. Both line ends are taken, `\n` and `\r\n`. What a last line without an
//! end means is the reader's choice ([`LastLine`]): in a plain file nothing else tells a whole file from one cut off.

use crate::error::{DataError, FieldError};
use crate::source::{Container, Source};

/// Longest line that is accepted; a checkpoint of 50,000 levels fits.
pub const MAX_LINE_BYTES: usize = 4 << 20;

const FIRST_BUFFER_BYTES: usize = 256 << 10;

/// What a last line without a line end means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastLine {
    /// The file was cut off, unless its container vouches for it being whole.
    MustEnd,
    /// It is a line like any other: something else will notice a missing part.
    MayEnd,
}

/// Reads lines.
#[derive(Debug)]
pub(crate) struct Lines {
    source: Source,
    buf: Vec<u8>,
    start: usize,
    scanned: usize,
    end: usize,
    line: u64,
    at_end: bool,
    last_line: LastLine,
}

impl Lines {
    pub(crate) fn new(source: Source, last_line: LastLine) -> Lines {
        let buf = vec![0; FIRST_BUFFER_BYTES];
        Lines { source, buf, start: 0, scanned: 0, end: 0, line: 0, at_end: false, last_line }
    }

    /// The next line without its end, or `None` behind the last.
    #[inline]
    pub(crate) fn next_line(&mut self) -> Result<Option<&[u8]>, DataError> {
        loop {
            if let Some(n) = find_newline(&self.buf[self.scanned..self.end]) {
                let (from, mut to) = (self.start, self.scanned + n);
                self.start = to + 1;
                self.scanned = self.start;
                self.line += 1;
                if to > from && self.buf[to - 1] == b'\r' {
                    to -= 1;
                }
                return Ok(Some(&self.buf[from..to]));
            }
            self.scanned = self.end;
            if self.at_end {
                return self.unended_line();
            }
            self.fill()?;
        }
    }

    /// Number of the line that was read last, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Puts file and line to what is wrong with a field of the line that was read last.
    #[cold]
    pub(crate) fn error(&self, e: FieldError) -> DataError {
        e.in_line(self.source.name(), self.line)
    }

    /// What stands behind the last line end.
    #[cold]
    fn unended_line(&mut self) -> Result<Option<&[u8]>, DataError> {
        if self.start == self.end {
            return Ok(None);
        }
        if self.last_line == LastLine::MustEnd && self.source.container() == Container::Plain {
            return Err(DataError::Truncated {
                file: self.source.name().to_owned(),
                line: self.line,
                reason: "the last line has no line end".to_owned(),
            });
        }
        let (from, mut to) = (self.start, self.end);
        self.start = self.end;
        self.line += 1;
        if self.buf[to - 1] == b'\r' {
            to -= 1;
        }
        Ok(Some(&self.buf[from..to]))
    }

    #[cold]
    fn fill(&mut self) -> Result<(), DataError> {
        if self.start > 0 {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.scanned -= self.start;
            self.start = 0;
        }
        if self.end == self.buf.len() {
            if self.buf.len() >= MAX_LINE_BYTES {
                let e = FieldError::new(1, format!("a line of at most {MAX_LINE_BYTES} bytes"), &self.buf[..64]);
                return Err(e.in_line(self.source.name(), self.line + 1));
            }
            self.buf.resize(self.buf.len() * 2, 0);
        }
        let n = self.source.read(&mut self.buf[self.end..], self.line)?;
        self.at_end = n == 0;
        self.end += n;
        Ok(())
    }
}

/// Position of the first `\n`, eight bytes at a time.
#[inline]
fn find_newline(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, tail) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let x = u64::from_le_bytes(*word) ^ (ONES * b'\n' as u64);
        // The lowest set high bit marks the first zero byte of `x`; those above it may be wrong, and are not looked at.
        let zero = x.wrapping_sub(ONES) & !x & (ONES << 7);
        if zero != 0 {
            return Some(i * 8 + (zero.trailing_zeros() / 8) as usize);
        }
    }
    tail.iter().position(|b| *b == b'\n').map(|n| words.len() * 8 + n)
}

/// The fields of one line, taken one after the other. Columns count from 1.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    more: bool,
    column: u32,
}

type FieldResult<T> = Result<T, Box<FieldError>>;

impl<'a> Fields<'a> {
    pub(crate) fn new(line: &'a [u8]) -> Fields<'a> {
        Fields { rest: line, more: true, column: 0 }
    }

    /// Column of the field that was taken last.
    pub(crate) fn column(&self) -> u32 {
        self.column
    }

    /// The next field as it stands.
    #[inline]
    pub(crate) fn bytes(&mut self, expected: &'static str) -> FieldResult<&'a [u8]> {
        self.begin(expected)?;
        let n = self.rest.iter().position(|b| *b == b',').unwrap_or(self.rest.len());
        let field = &self.rest[..n];
        self.skip(n);
        Ok(field)
    }

    /// The next field as an unsigned number: digits only.
    #[inline]
    pub(crate) fn u64(&mut self, expected: &'static str) -> FieldResult<u64> {
        self.begin(expected)?;
        match leading_number(self.rest) {
            Some((v, n)) if n == self.rest.len() || self.rest[n] == b',' => {
                self.skip(n);
                Ok(v)
            }
            _ => self.odd_number(expected),
        }
    }

    /// The next field as a number above zero.
    #[inline]
    pub(crate) fn positive(&mut self, expected: &'static str) -> FieldResult<u64> {
        let at = self.rest;
        match self.u64(expected)? {
            0 => Err(FieldError::new(self.column, expected, first_field(at))),
            v => Ok(v),
        }
    }

    /// The next field as a number with an optional minus.
    #[inline]
    pub(crate) fn i64(&mut self, expected: &'static str) -> FieldResult<i64> {
        self.begin(expected)?;
        let negative = self.rest.first() == Some(&b'-');
        match leading_number(&self.rest[negative as usize..]) {
            Some((v, n)) if v <= i64::MAX as u64 => {
                let n = n + negative as usize;
                if n == self.rest.len() || self.rest[n] == b',' {
                    self.skip(n);
                    return Ok(if negative { -(v as i64) } else { v as i64 });
                }
                self.odd_number(expected)
            }
            _ => self.odd_number(expected),
        }
    }

    /// Whether the line has a further field.
    pub(crate) fn has_more(&self) -> bool {
        self.more
    }

    /// That the line has no further field.
    #[inline]
    pub(crate) fn finish(&self) -> FieldResult<()> {
        if self.more { Err(self.too_many()) } else { Ok(()) }
    }

    /// An error about the field that was taken last.
    #[cold]
    pub(crate) fn wrong(&self, expected: &'static str, got: &[u8]) -> Box<FieldError> {
        FieldError::new(self.column, expected, got)
    }

    #[inline]
    fn begin(&mut self, expected: &'static str) -> FieldResult<()> {
        self.column += 1;
        if self.more { Ok(()) } else { Err(self.missing(expected)) }
    }

    #[inline]
    fn skip(&mut self, n: usize) {
        self.more = n < self.rest.len();
        self.rest = if self.more { &self.rest[n + 1..] } else { &[] };
    }

    /// Numbers of twenty digits, the least `i64`, and everything that is not a number.
    #[cold]
    fn odd_number<T: std::str::FromStr>(&mut self, expected: &'static str) -> FieldResult<T> {
        let field = first_field(self.rest);
        let plain = field.first() != Some(&b'+');
        match std::str::from_utf8(field).ok().filter(|_| plain).and_then(|s| s.parse().ok()) {
            Some(v) => {
                self.skip(field.len());
                Ok(v)
            }
            None => Err(FieldError::new(self.column, expected, field)),
        }
    }

    #[cold]
    fn missing(&self, expected: &'static str) -> Box<FieldError> {
        let mut e = FieldError::new(self.column, expected, b"");
        e.got = "the end of the line".to_owned();
        e
    }

    #[cold]
    fn too_many(&self) -> Box<FieldError> {
        FieldError::new(self.column + 1, "the end of the line", self.rest)
    }
}

fn first_field(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == b',').next().unwrap_or_default()
}

/// A number of 1 to 19 digits at the start of `bytes`, which cannot overflow, and how many digits it has.
#[inline(always)]
pub(crate) fn leading_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut v = 0u64;
    let mut n = 0;
    while let Some(d) = bytes.get(n).map(|b| b.wrapping_sub(b'0')).filter(|d| *d <= 9) {
        if n == 19 {
            return None;
        }
        v = v * 10 + u64::from(d);
        n += 1;
    }
    if n == 0 { None } else { Some((v, n)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], last_line: LastLine) -> Result<Vec<Vec<u8>>, DataError> {
        let mut lines = Lines::new(Source::from_bytes("t.csv", text.to_vec()), last_line);
        let mut out = Vec::new();
        while let Some(line) = lines.next_line()? {
            out.push(line.to_vec());
        }
        Ok(out)
    }

    #[test]
    fn a_plain_file_whose_last_line_has_no_end_was_cut_off() {
        assert_eq!(lines(b"a\r\nb\n\n", LastLine::MustEnd).unwrap(), [&b"a"[..], b"b", b""]);
        assert_eq!(lines(b"a\nb", LastLine::MayEnd).unwrap(), [b"a", b"b"]);
        let e = lines(b"a\nb", LastLine::MustEnd).unwrap_err();
        assert_eq!(e.to_string(), "t.csv: cut off after line 1: the last line has no line end");
    }

    #[test]
    fn lines_longer_than_the_buffer_are_read_and_lines_beyond_the_limit_refused() {
        let long = [vec![b'x'; 3 * FIRST_BUFFER_BYTES], b"\ny\n".to_vec()].concat();
        assert_eq!(lines(&long, LastLine::MustEnd).unwrap()[0].len(), 3 * FIRST_BUFFER_BYTES);
        let e = lines(&vec![b'x'; MAX_LINE_BYTES + 1], LastLine::MustEnd).unwrap_err();
        assert_eq!(e.code(), "ERR_TOPRUNG_DATA_FORMAT");
    }

    #[test]
    fn the_first_newline_is_found_at_every_offset_and_behind_every_byte() {
        for len in 0..40 {
            for other in [0u8, 9, 11, 0x0a ^ 0x80, 0xff] {
                for at in 0..len {
                    let mut bytes = vec![other; len];
                    bytes[at..].fill(b'\n');
                    assert_eq!(find_newline(&bytes), Some(at));
                }
                assert_eq!(find_newline(&vec![other; len]), None);
            }
        }
    }

    #[test]
    fn numbers_are_digits_and_nothing_else_over_the_whole_domain() {
        let one = |s: &str| Fields::new(s.as_bytes()).u64("n").ok();
        assert_eq!(one("18446744073709551615"), Some(u64::MAX));
        assert_eq!(one("007"), Some(7));
        for bad in ["", "-1", "+1", "1.0", " 1", "1 ", "18446744073709551616", "5x", "٣"] {
            assert_eq!(one(bad), None, "{bad:?}");
        }
        let signed = |s: &str| Fields::new(s.as_bytes()).i64("n").ok();
        assert_eq!(signed("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(signed("9223372036854775807"), Some(i64::MAX));
        for bad in ["", "-", "--1", "+1", "9223372036854775808", "-9223372036854775809", "1-"] {
            assert_eq!(signed(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn errors_name_the_field() {
        let mut f = Fields::new(b"1,x");
        assert_eq!(f.u64("a").unwrap(), 1);
        assert!(f.finish().is_err());
        let e = f.u64("a count").unwrap_err().in_line("f", 9);
        assert_eq!(e.to_string(), "f:9:2: expected a count, got \"x\"");
        let mut f = Fields::new(b"1");
        f.u64("a").unwrap();
        let e = f.u64("a count").unwrap_err().in_line("f", 9);
        assert_eq!(e.to_string(), "f:9:2: expected a count, got the end of the line");
        let mut f = Fields::new(b"0");
        assert_eq!(
            f.positive("a count").unwrap_err().in_line("f", 1).to_string(),
            "f:1:1: expected a count, got \"0\""
        );
    }
}
