//! Where log lines go: a bounded queue, and a separate thread that writes them.
//!
//! Called by `main`, once. Whatever happens to the log (a full disk, a closed pipe, a reader that hangs), no request
//! may wait for it or fail because of it: a line that finds the queue full, or that cannot be written, is counted and
//! dropped. How many were lost is in the metrics, and in the log itself as soon as it can be written again.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Queue length: one second of a busy server's lines, in case the disk pauses.
const LINES_WAITING: usize = 16_384;
/// Bytes that may be queued, whatever the length of the lines.
const BYTES_WAITING: usize = 8 << 20;
/// Written in one go: one system call for many lines when the server is busy.
const BATCH_BYTES: usize = 64 << 10;
/// How long the thread lets lines gather once one has come. While it sleeps nobody has to wake it, which for each line was a
/// system call and a change of threads. A busy server fills a tenth of the queue meanwhile.
const GATHER: Duration = Duration::from_millis(10);
/// How often the log may mention lines that it lost.
const SAY_LOST_EVERY: Duration = Duration::from_secs(10);

/// For the whole process, like its log.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Log lines that were never written since this process started.
pub fn lines_lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

enum Message {
    Line(Vec<u8>),
    /// Answered once everything before it is written or lost.
    Flush(SyncSender<()>),
}

/// The sending end of the queue. Cheap to clone.
#[derive(Clone)]
pub struct LogWriter {
    queue: SyncSender<Message>,
    bytes: Arc<AtomicUsize>,
}

impl LogWriter {
    /// Starts the thread that writes to `out`.
    pub fn start(out: impl Write + Send + 'static) -> std::io::Result<LogWriter> {
        let (queue, lines) = sync_channel(LINES_WAITING);
        let bytes = Arc::new(AtomicUsize::new(0));
        let waiting = Arc::clone(&bytes);
        std::thread::Builder::new().name("log".to_string()).spawn(move || write_all(&lines, &waiting, out))?;
        Ok(LogWriter { queue, bytes })
    }

    /// Waits until all lines so far are written, but no longer than `time`: a hanging log must not keep us from
    /// exiting.
    pub fn finish(&self, time: Duration) {
        let (done, wait) = sync_channel(1);
        let until = Instant::now() + time;
        let mut message = Message::Flush(done);
        while let Err(std::sync::mpsc::TrySendError::Full(back)) = self.queue.try_send(message) {
            if Instant::now() >= until {
                return;
            }
            message = back;
            std::thread::sleep(Duration::from_millis(5));
        }
        match wait.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = LogWriter;

    fn make_writer(&'w self) -> LogWriter {
        self.clone()
    }
}

/// `tracing-subscriber` passes each line whole. Never returns an error: it would be printed on standard error, which
/// is the log.
impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let fits = self.bytes.fetch_add(line.len(), Ordering::Relaxed) + line.len() <= BYTES_WAITING;
        if !fits || self.queue.try_send(Message::Line(line.to_vec())).is_err() {
            self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The writer thread. Ends with the last `LogWriter`.
fn write_all(lines: &Receiver<Message>, waiting: &AtomicUsize, mut out: impl Write) {
    let mut batch = Vec::with_capacity(BATCH_BYTES);
    let (mut torn, mut said) = (false, lines_lost());
    let mut said_at: Option<Instant> = None;
    while let Ok(first) = lines.recv() {
        if matches!(first, Message::Line(_)) {
            std::thread::sleep(GATHER);
        }
        let mut next = Some(first);
        let mut flushed = None;
        let mut in_batch = 0;
        while let Some(message) = next.take() {
            match message {
                Message::Line(line) => {
                    waiting.fetch_sub(line.len(), Ordering::Relaxed);
                    batch.extend_from_slice(&line);
                    in_batch += 1;
                }
                Message::Flush(done) => flushed = Some(done),
            }
            if batch.len() < BATCH_BYTES && flushed.is_none() {
                next = lines.try_recv().ok();
            }
        }
        // Terminate the line that a failed write left incomplete.
        let begun = if torn { out.write_all(b"\n") } else { Ok(()) };
        match begun.and_then(|()| out.write_all(&batch)).and_then(|()| out.flush()) {
            Ok(()) => {
                torn = false;
                let lost = lines_lost();
                if lost > said && said_at.is_none_or(|at| at.elapsed() >= SAY_LOST_EVERY) {
                    tracing::warn!(lines = lost - said, "log lines were lost");
                    (said, said_at) = (lost, Some(Instant::now()));
                }
            }
            Err(_) => {
                torn = true;
                LOST.fetch_add(in_batch, Ordering::Relaxed);
            }
        }
        batch.clear();
        batch.shrink_to(BATCH_BYTES);
        if let Some(done) = flushed {
            // The sender may have stopped waiting.
            done.try_send(()).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Writes to memory while `open`, fails otherwise, and hangs while somebody holds the lock.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(bool, Vec<u8>)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            if !disk.0 {
                return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
            }
            disk.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_fails_or_hangs_holds_nobody_up_and_its_lines_are_counted() {
        let disk = Disk::default();
        let mut log = LogWriter::start(disk.clone()).unwrap();
        let before = lines_lost();
        log.write_all(b"on a full disk\n").unwrap();
        log.finish(Duration::from_secs(10));
        assert_eq!(lines_lost() - before, 1);

        disk.0.lock().unwrap().0 = true;
        log.write_all(b"there is room again\n").unwrap();
        log.finish(Duration::from_secs(10));
        assert_eq!(disk.0.lock().unwrap().1, b"\nthere is room again\n");

        let hangs = disk.0.lock().unwrap();
        let begun = Instant::now();
        for _ in 0..2 * LINES_WAITING {
            log.write_all(b"while it hangs\n").unwrap();
        }
        log.finish(Duration::from_millis(50));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(lines_lost() - before > LINES_WAITING as u64 / 2);
        drop(hangs);
        log.finish(Duration::from_secs(10));
        let wide = vec![b'x'; BYTES_WAITING + 1];
        let before = lines_lost();
        log.write_all(&wide).unwrap();
        assert_eq!(lines_lost() - before, 1, "bytes are bounded, too");
    }
}
