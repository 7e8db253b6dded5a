//! Collects a body under a size limit and a time limit.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::signature::SignatureCheck;
use crate::state::Shared;

/// Largest body that is kept, in bytes. Meta may join up to 1,000 updates after an outage.
const LARGEST: u64 = 16 * 1024 * 1024;
/// How long such a body may take.
const COLLECT: Duration = Duration::from_secs(10);
/// What lies beyond is thrown away, but not for ever: at most so many bytes ...
const MOST_DISCARDED: u64 = 256 * 1024 * 1024;
/// ... and so long, from the first byte on.
const DISCARD: Duration = Duration::from_secs(30);
/// A body up to this length, in bytes, needs no permit.
const SMALL: usize = 64 * 1024;
/// Memory for all bodies above [`SMALL`] together, in KiB: sixteen of the largest. Nobody has proved who he is
/// while he sends, so without a bound strangers could fill the memory.
pub(crate) const MEMORY_KIB: u32 = 256 * 1024;

/// What came.
pub(super) enum Collected<'a> {
    /// All of it, with the permit for its memory.
    Whole(Bytes, Option<SemaphorePermit<'a>>),
    /// More than [`LARGEST`]; nothing was kept.
    TooBig {
        /// Whether the signature is right for all of it.
        signed: bool,
    },
    /// It took too long.
    TooSlow,
    /// The connection broke, or the body is not framed as HTTP says.
    Broken,
    /// Too many large bodies are under way.
    NoMemory,
}

/// Collects a body; without a signature it is only counted and thrown away.
pub(super) async fn collect<'a>(web: &'a Shared, mut body: Body, signature: Option<&str>) -> Collected<'a> {
    let started = Instant::now();
    let announced = body.size_hint().lower();
    let Some(signature) = signature else {
        return discard(&mut body, started, 0, None).await;
    };
    if announced > LARGEST {
        return discard(&mut body, started, 0, Some(((web.oversize)(), signature))).await;
    }
    let mut kept = Kept::default();
    loop {
        let piece = match next(&mut body, started + COLLECT).await {
            Next::Piece(piece) => piece,
            Next::End => return Collected::Whole(kept.bytes(), kept.permit),
            Next::TooSlow => return Collected::TooSlow,
            Next::Broken => return Collected::Broken,
        };
        let so_far = kept.len() as u64 + piece.len() as u64;
        if so_far > LARGEST {
            let mut check = (web.oversize)();
            check.update(&kept.bytes());
            check.update(&piece);
            drop((kept, piece));
            return discard(&mut body, started, so_far, Some((check, signature))).await;
        }
        if !kept.push(piece, announced, web) {
            return Collected::NoMemory;
        }
    }
}

/// Throws the rest away; hashes it where there is a signature to check.
async fn discard<'a>(
    body: &mut Body,
    started: Instant,
    mut so_far: u64,
    mut check: Option<(Box<dyn SignatureCheck>, &str)>,
) -> Collected<'a> {
    loop {
        // A stranger has no more time than a platform, unless his body too is large.
        let limit = if check.is_some() || so_far > LARGEST { DISCARD } else { COLLECT };
        match next(body, started + limit).await {
            Next::Piece(piece) => {
                so_far += piece.len() as u64;
                if let Some((check, _)) = &mut check {
                    check.update(&piece);
                }
                if so_far > MOST_DISCARDED {
                    return Collected::TooBig { signed: false };
                }
            }
            Next::End if check.is_none() && so_far <= LARGEST => return Collected::Whole(Bytes::new(), None),
            Next::End => {
                let signed = check.is_some_and(|(check, signature)| check.finish(signature));
                return Collected::TooBig { signed };
            }
            Next::TooSlow if so_far <= LARGEST && check.is_none() => return Collected::TooSlow,
            Next::TooSlow | Next::Broken => return Collected::TooBig { signed: false },
        }
    }
}

enum Next {
    Piece(Bytes),
    End,
    TooSlow,
    Broken,
}

async fn next(body: &mut Body, deadline: Instant) -> Next {
    loop {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                // Trailers say nothing that we need.
                if let Ok(piece) = frame.into_data() {
                    return Next::Piece(piece);
                }
            }
            Ok(Some(Err(_))) => return Next::Broken,
            Ok(None) => return Next::End,
            Err(_) => return Next::TooSlow,
        }
    }
}

/// A body as far as it came: the first piece as it is, joined only when a second one comes.
#[derive(Default)]
struct Kept<'a> {
    first: Bytes,
    joined: BytesMut,
    permit: Option<SemaphorePermit<'a>>,
}

impl<'a> Kept<'a> {
    fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    /// False when there is no memory for it now.
    fn push(&mut self, piece: Bytes, announced: u64, web: &'a Shared) -> bool {
        if self.len() == 0 {
            self.first = piece;
            return true;
        }
        let needed = self.len() + piece.len();
        if needed > self.joined.capacity() {
            // Room for what was announced, so that it is copied once. A large announcement alone gets nothing,
            // though: beyond `SMALL` the room doubles with what really came.
            let expected = if announced == 0 { LARGEST } else { announced };
            let expected = usize::try_from(expected).unwrap_or(usize::MAX);
            let room = needed.max(expected.min(SMALL.max(2 * needed)));
            if !self.permit_for(room, web) {
                return false;
            }
            self.joined.reserve(room - self.joined.len());
        }
        if self.joined.is_empty() {
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(&piece);
        true
    }

    /// Holds a permit for `room` bytes.
    fn permit_for(&mut self, room: usize, web: &'a Shared) -> bool {
        let wanted = if room <= SMALL { 0 } else { u32::try_from(room.div_ceil(1024)).unwrap_or(u32::MAX) };
        let held = self.permit.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = wanted.saturating_sub(u32::try_from(held).unwrap_or(u32::MAX));
        if missing == 0 {
            return true;
        }
        let Ok(more) = web.body_memory.try_acquire_many(missing) else {
            return false;
        };
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        true
    }

    fn bytes(&mut self) -> Bytes {
        if self.joined.is_empty() { std::mem::take(&mut self.first) } else { self.joined.split().freeze() }
    }
}
