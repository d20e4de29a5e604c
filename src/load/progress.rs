//! How a load shows a person its progress: bars on a terminal, plain lines elsewhere, nothing in tests.
//!
//! Called by the readers and by `load::run`. Everything goes to standard error; it must never decide anything.

use indicatif::{MultiProgress, ProgressBar, ProgressFinish, ProgressStyle};
use std::io::{IsTerminal, Read};

/// Where progress goes.
#[derive(Debug, Clone)]
pub enum Progress {
    Bars(MultiProgress),
    Lines,
    Quiet,
}

impl Progress {
    /// Bars if standard error is a terminal, else lines.
    pub fn to_stderr() -> Progress {
        if std::io::stderr().is_terminal() { Progress::Bars(MultiProgress::new()) } else { Progress::Lines }
    }

    /// One sentence about the current work.
    pub fn say(&self, words: &str) {
        match self {
            // A bar that cannot be drawn is no reason to stop a load.
            Progress::Bars(bars) => bars.println(words).unwrap_or_default(),
            Progress::Lines => eprintln!("{words}"),
            Progress::Quiet => {}
        }
    }

    /// A meter for reading `bytes` of text called `name`.
    pub fn meter(&self, name: &str, bytes: u64) -> Meter {
        match self {
            Progress::Bars(bars) => {
                let style = ProgressStyle::with_template("{msg:40} {bar:30} {bytes:>10} of {total_bytes:10} {eta:>4}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                let bar = ProgressBar::new(bytes).with_style(style).with_message(name.to_string());
                Meter(Some(bars.add(bar.with_finish(ProgressFinish::AndClear))))
            }
            Progress::Lines => {
                eprintln!("reading {name} ({} KB of text)", bytes.div_ceil(1024));
                Meter(None)
            }
            Progress::Quiet => Meter(None),
        }
    }
}

/// Counts what is read from one file.
#[derive(Debug, Clone)]
pub struct Meter(Option<ProgressBar>);

impl Meter {
    pub fn silent() -> Meter {
        Meter(None)
    }

    pub fn reading<R: Read>(self, inner: R) -> impl Read {
        Metered { inner, meter: self }
    }
}

struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if let Some(bar) = &self.meter.0 {
            bar.inc(n as u64);
        }
        Ok(n)
    }
}
