//! `POST /account/proof/ID`: files, read one by one as they come. Each is looked at, sealed and kept before the next is read, so
//! one that is refused, or a line that breaks, takes nothing away from those before it.

use std::time::Duration;

use axum::Extension;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest as _, Path, Request};
use axum::http::{HeaderValue, StatusCode, header};
use tokio::time::timeout;

use super::With;
use super::item::{need_of, page};
use super::need::Need;
use crate::account::people::new_id;
use crate::documents::kinds::{self, FILE_BYTES_MAX, Odd};
use crate::documents::name::cleaned;
use crate::documents::stored::{Keep, Kept, PutAside, Sealed};
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::Fault;
use crate::store::wait::{self, WAIT};
use crate::web::page::Cx;
use crate::web::uploads::{self, SILENT};

/// Files of one form.
const FILES_MAX: usize = 20;
/// How long a file of ten megabytes may take to be written.
const WRITE_TIME: Duration = Duration::from_secs(15);
/// When a browser that found no turn may try again, in seconds.
const RETRY_AFTER: u16 = 30;

/// What became of the files of a form.
#[derive(Default)]
struct Came {
    now: u32,
    before: u32,
    /// In words, each with its file's name.
    refused: Vec<String>,
}

/// A file as it came.
enum Read {
    Whole(Vec<u8>),
    /// More than we take; dropped while it came.
    TooLarge,
}

/// Why reading ended before the form did.
enum Ended {
    TooMuch,
    Broken,
}

/// `POST /account/proof/ID`
pub async fn post(desk: Desk, with: Extension<With>, Path(id): Path<String>, request: Request) -> Answer {
    let need = match need_in_time(&desk, &id).await {
        Ok(need) => need,
        Err(instead) => {
            uploads::drain(request.into_body()).await;
            return Err(instead);
        }
    };
    let here = format!("/account/proof/{id}");
    // A form without files: an empty one that waited behind a lock.
    if !desk.form.files {
        return Ok(desk.go(&here));
    }
    let owner = desk.owner().unwrap_or_default().to_string();
    let Some(_turn) = with.turns.take(&owner).await else {
        uploads::drain(request.into_body()).await;
        let words = vec![fault(desk.cx.t("proof.busy").to_string())];
        let mut response =
            page(&desk, (&need, &with.knows.rules), (Vec::new(), words), StatusCode::SERVICE_UNAVAILABLE);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        return Ok(response);
    };
    let mut came = Came::default();
    let cx = &desk.cx;
    let ended = match Multipart::from_request(request, &()).await {
        Ok(mut files) => {
            let read = read_all(&desk, (&owner, &id), &mut files, &mut came).await;
            if !matches!(read, Ok(None)) {
                drop_rest(files).await;
            }
            read?
        }
        Err(_) => Some(Ended::Broken),
    };
    match ended {
        Some(Ended::TooMuch) => came.refused.push(cx.t("proof.odd.too_much").to_string()),
        Some(Ended::Broken) => came.refused.push(cx.t("proof.odd.broken").to_string()),
        None if came.now + came.before == 0 && came.refused.is_empty() => {
            came.refused.push(cx.t("proof.odd.none").to_string());
        }
        None => {}
    }
    if came.refused.is_empty() {
        return Ok(desk.go(&format!("{here}?received={}&before={}", came.now, came.before)));
    }
    // As it is now, with what was kept.
    let need = need_in_time(&desk, &id).await?;
    let mut notes = Vec::new();
    if came.now > 0 {
        notes.push(cx.n("proof.kept", i64::from(came.now)));
    }
    let faults = came.refused.into_iter().map(fault).collect();
    Ok(page(&desk, (&need, &with.knows.rules), (notes, faults), StatusCode::UNPROCESSABLE_ENTITY))
}

/// The gate leaves it to this page to give up on a silent store: it would not read what is still coming.
async fn need_in_time(desk: &Desk, id: &str) -> Result<Need, Instead> {
    wait::within(WAIT, need_of(desk, id)).await?
}

fn fault(words: String) -> Fault {
    Fault { field: "file", words }
}

async fn read_all(
    desk: &Desk,
    to: (&str, &str),
    files: &mut Multipart,
    came: &mut Came,
) -> Result<Option<Ended>, Instead> {
    for number in 0.. {
        let field = match timeout(SILENT, files.next_field()).await {
            Ok(Ok(Some(field))) => field,
            Ok(Ok(None)) => return Ok(None),
            Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Ok(Some(Ended::TooMuch)),
            _ => return Ok(Some(Ended::Broken)),
        };
        if number >= FILES_MAX {
            return Ok(Some(Ended::TooMuch));
        }
        let typed = field.file_name().unwrap_or_default().to_string();
        let named = field.name() == Some("file");
        let read = match read(field).await {
            Ok(read) => read,
            Err(ended) => return Ok(Some(ended)),
        };
        // A browser sends an empty part if nothing was chosen.
        let chosen = named && !(typed.is_empty() && matches!(&read, Read::Whole(body) if body.is_empty()));
        if chosen {
            one(desk, to, (&cleaned(&typed), read), came).await?;
        }
    }
    Ok(None)
}

/// Reads what is left and keeps none of it: a browser that is still sending shows an answer only then.
async fn drop_rest(mut files: Multipart) {
    let rest = async {
        while let Ok(Ok(Some(mut field))) = timeout(SILENT, files.next_field()).await {
            while let Ok(Ok(Some(_))) = timeout(SILENT, field.chunk()).await {}
        }
    };
    let _ = timeout(uploads::DRAIN, rest).await;
}

/// One file into memory, up to what we take; the rest is read and dropped.
async fn read(mut field: Field<'_>) -> Result<Read, Ended> {
    let (mut body, mut too_large) = (Vec::new(), false);
    loop {
        match timeout(SILENT, field.chunk()).await {
            Ok(Ok(Some(part))) if too_large || body.len() + part.len() > FILE_BYTES_MAX => {
                (body, too_large) = (Vec::new(), true);
            }
            Ok(Ok(Some(part))) => body.extend_from_slice(&part),
            Ok(Ok(None)) if too_large => return Ok(Read::TooLarge),
            Ok(Ok(None)) => return Ok(Read::Whole(body)),
            Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(Ended::TooMuch),
            _ => return Err(Ended::Broken),
        }
    }
}

/// Looks at a file and keeps it.
async fn one(
    desk: &Desk,
    (owner, dmi): (&str, &str),
    (name, read): (&str, Read),
    came: &mut Came,
) -> Result<(), Instead> {
    let cx = &desk.cx;
    let Read::Whole(body) = read else {
        refuse(cx, Odd::TooLarge, 0);
        came.refused.push(odd(cx, name, Odd::TooLarge));
        return Ok(());
    };
    let kept_as = name.to_string();
    // Looking and sealing take milliseconds of a core: not on the threads that answer others.
    let judged = tokio::task::spawn_blocking(move || match kinds::judge(&body) {
        Ok(kind) => Ok(Sealed::of(&kept_as, kind, &body)),
        Err(odd) => Err((odd, body)),
    });
    let sealed = match judged.await.map_err(anyhow::Error::new)? {
        Ok(sealed) => sealed?,
        Err((why, body)) => {
            refuse(cx, why, body.len());
            if why.is_hostile() {
                put_aside(desk, owner, why, body).await?;
            }
            came.refused.push(odd(cx, name, why));
            return Ok(());
        }
    };
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    let keep = Keep { means, owner: owner.to_string(), dmi: dmi.to_string(), sealed, session };
    let kept = desk.office.store.begin_write_within(keep, WRITE_TIME).await?;
    cx.app.metrics.uploaded(kept.into());
    match kept {
        Kept::Now => came.now += 1,
        Kept::Before => came.before += 1,
        Kept::Full => came.refused.push(cx.tf("proof.odd.full", &[("file", shown(cx, name))])),
        Kept::Closed => came.refused.push(cx.tf("proof.odd.closed", &[("file", shown(cx, name))])),
    }
    Ok(())
}

/// The line of the log: what, never whose file or what it is called.
fn refuse(cx: &Cx, why: Odd, bytes: usize) {
    cx.app.metrics.uploaded(why.into());
    tracing::info!(reason = <&str>::from(why), bytes, "refused an upload");
}

async fn put_aside(desk: &Desk, owner: &str, why: Odd, body: Vec<u8>) -> Result<(), Instead> {
    let aside = PutAside {
        vault: desk.office.means.vault.clone(),
        id: new_id()?,
        owner: owner.to_string(),
        reason: why.into(),
        bytes: body.len(),
        body,
    };
    Ok(desk.office.write(aside).await?)
}

fn shown<'n>(cx: &'n Cx, name: &'n str) -> &'n str {
    if name.is_empty() { cx.t("proof.unnamed") } else { name }
}

/// What is wrong with a file, by its name, and what to do.
fn odd(cx: &Cx, name: &str, why: Odd) -> String {
    cx.tf(&format!("proof.odd.{}", <&str>::from(why)), &[("file", shown(cx, name))])
}
