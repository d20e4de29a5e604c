//! Files that are sent: what is kept, what is refused, what comes of a line that breaks, two tabs, a lock, an account.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use futures_util::stream::{self, StreamExt as _};
use sqlx::Connection as _;
use windowshop::operator::account::{AccountArgs, AccountCommand, Of, command};

use super::files::{heic, jpeg, pdf, png, zip_end};
use super::needs::{guest, newest_owner, of_owner, text};
use crate::account::planted::{dump, files as files_of, holds};
use crate::office::people::{PASSWORD, World};
use crate::site::TODAY;
use crate::store::engines::{TOLD, on_each_engine};
use crate::web::Log;

#[tokio::test]
async fn files_of_every_kind_are_kept_and_come_back_as_they_were() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &["income"]).await;
        let sent = [
            ("nómina julio.pdf", pdf("July"), "application/pdf", "n%C3%B3mina%20julio.pdf"),
            ("IMG_0001.JPG", jpeg("x"), "image/jpeg", "IMG_0001.jpg"),
            ("screen.png", png("x"), "image/png", "screen.png"),
            ("IMG_0002.HEIC", heic("x"), "image/heic", "IMG_0002.heic"),
        ];
        let files: Vec<(&str, &[u8])> = sent.iter().map(|(name, bytes, ..)| (*name, bytes.as_slice())).collect();
        let first = browser.upload(&needs[0].page, &files).await;
        assert_eq!(first.status, 303, "{}", first.words());
        let page = browser.follow(first).await;
        page.says("We received 4 files").says("A person looks at it");
        for (name, bytes, kind, saved) in &sent {
            let back = browser.visit(&page.link(name)).await;
            assert_eq!(back.body, *bytes, "{name}");
            assert_eq!(back.header("content-type"), *kind);
            let disposition = back.header("content-disposition");
            assert!(disposition.starts_with("attachment; ") && disposition.ends_with(saved), "{disposition}");
            for (header, value) in [
                ("content-security-policy", "default-src 'none'; sandbox"),
                ("x-content-type-options", "nosniff"),
                ("cache-control", "no-store"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(back.header(header), value, "{header} of {name}");
            }
        }
        let list = browser.visit("/account/proof").await;
        list.says_all(&["Ana Zapotillo: yearly income", "February 25, 2027", "nómina julio.pdf"]);
        let spanish = browser.in_spanish().visit("/account/proof").await;
        spanish.says_all(&["Lo que todavía necesitamos", "25 de febrero de 2027", "Recibido"]);
        assert_eq!(text(bench, "SELECT CAST(in_review AS TEXT) FROM dmi").await, "4", "it does not expire meanwhile");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_refused_takes_nothing_with_it() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &["ssn"]).await;
        let large = [pdf("x"), vec![b' '; 11 << 20]].concat();
        let (card, archive) = (jpeg("card"), [pdf("a"), zip_end()].concat());
        let files: [(&str, &[u8]); 8] = [
            ("card.jpg", &card),
            ("empty.pdf", b""),
            ("page.pdf", b"<html><script>1</script>"),
            ("setup.exe", b"MZ\x90\0"),
            ("large.pdf", &large),
            ("two.pdf", &archive),
            ("letter.docx", b"PK\x03\x04word/document.xml"),
            ("scan.png", &png("scan")),
        ];
        let page = browser.upload(&needs[0].page, &files).await;
        assert_eq!(page.status, 422, "{}", page.words());
        page.says("2 files are kept").says("card.jpg").says("scan.png");
        let faults: Vec<String> = page
            .error_summary()
            .into_iter()
            .map(|(field, words)| {
                assert_eq!(field, "file");
                words
            })
            .collect();
        let says = [
            "“empty.pdf” is empty",
            "“page.pdf” is a web page",
            "“setup.exe” is a program",
            "“large.pdf” is larger than 10 MB",
            "“two.pdf” has something else hidden",
            "“letter.docx” is a Word or Excel file",
        ];
        assert_eq!(faults.len(), says.len(), "{faults:?}");
        for (fault, said) in faults.iter().zip(says) {
            assert!(fault.starts_with(said), "{fault}");
        }
        assert_eq!(bench.count("document").await, 2);
        // What nobody sends by mistake is kept for an operator, its words sealed.
        assert_eq!(bench.count("aside WHERE source = 'upload'").await, 3);
        // Then a good one: nothing before it was lost.
        let first = browser.upload(&needs[0].page, &[("again.pdf", &pdf("x"))]).await;
        browser.follow(first).await.says_all(&["We received 1 file", "card.jpg", "scan.png", "again.pdf"]);
        let spanish = browser.in_spanish().upload(&needs[0].page, &[("nada.pdf", b"")]).await;
        spanish.says("“nada.pdf” está vacío");
        let nothing = browser.upload(&needs[0].page, &[("", b"")]).await;
        assert_eq!(nothing.error_summary()[0].1, "Choose at least one file first.");
        assert_eq!(bench.count("document").await, 3);
    })
    .await;
}

#[tokio::test]
async fn the_same_file_twice_or_in_two_tabs_is_one_document() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &["ssn", "income"]).await;
        let (card, stub) = (jpeg("card"), pdf("stub"));
        let [one, other] = [[("card.jpg", card.as_slice())], [("card.jpg", card.as_slice())]];
        let (first, second) =
            tokio::join!(browser.upload(&needs[0].page, &one), browser.upload(&needs[0].page, &other));
        assert_eq!((first.status, second.status), (303, 303), "{} {}", first.words(), second.words());
        assert_eq!(bench.count("document").await, 1);
        let again = browser.upload(&needs[0].page, &[("other name.jpg", &card), ("stub.pdf", &stub)]).await;
        browser.follow(again).await.says("We received 1 file").says("1 file was here already");
        assert_eq!((bench.count("document").await, bench.count("document_body").await), (2, 2));
        // For another question it is another document.
        let first = browser.upload(&needs[1].page, &[("card.jpg", &card)]).await;
        browser.follow(first).await.says("We received 1 file");
        assert_eq!(text(bench, "SELECT CAST(sum(in_review) AS TEXT) FROM dmi").await, "3");
    })
    .await;
}

#[tokio::test]
async fn a_line_that_breaks_keeps_what_had_come() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &["ssn"]).await;
        let mut body = b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n".to_vec();
        body.extend(pdf("whole"));
        body.extend(
            b"\r\n--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"b.pdf\"\r\n\r\n%PDF-1.7 half",
        );
        let headers = [("content-type", "multipart/form-data; boundary=edge"), ("sec-fetch-site", "same-origin")];
        let page = browser.send("POST", &needs[0].page, &headers, Body::from(body)).await;
        assert_eq!(page.status, 422);
        page.says("The line broke").says("1 file is kept").says("a.pdf").says_nothing_of("b.pdf");
        // From another site nothing is taken.
        let headers = [("content-type", "multipart/form-data; boundary=edge"), ("sec-fetch-site", "cross-site")];
        let refused = browser.send("POST", &needs[0].page, &headers, Body::from("--edge--\r\n")).await;
        assert_eq!(refused.status, 403);
        // A form without files leads to the page.
        let empty = browser.post(&needs[0].page, "").await;
        assert_eq!((empty.status, empty.header("location")), (303, needs[0].page.as_str()));
        // More than a form may have is refused before it is read.
        let length = ((65_u64 << 20) + 1).to_string();
        let headers = [
            ("content-type", "multipart/form-data; boundary=edge"),
            ("content-length", length.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        let large = browser.send("POST", &needs[0].page, &headers, Body::empty()).await;
        assert_eq!(large.status, 413, "{}", large.words());
        assert_eq!(bench.count("document").await, 1);
    })
    .await;
}

#[tokio::test]
async fn documents_of_a_guest_go_over_to_their_account_and_go_with_it() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &["ssn"]).await;
        let card = jpeg("card");
        browser.upload(&needs[0].page, &[("card.jpg", &card)]).await;
        world.sign_up(&browser, "ana@example.org").await;
        let page = browser.visit(&needs[0].page).await;
        assert_eq!(browser.visit(&page.link("card.jpg")).await.body, card, "{}", page.words());
        let file = browser.post("/account/data", "").await;
        let record: serde_json::Value = serde_json::from_str(&file.text).expect("JSON");
        assert_eq!(record["documents"][0]["name"], "card.jpg", "{record:#}");

        // Locked: files cannot wait behind a password, and that is said.
        world.ahead.add(Duration::from_secs(16 * 60));
        let locked = browser.upload(&needs[0].page, &[("late.pdf", &pdf("late"))]).await;
        locked.says("Choose your files again after that");
        let page = locked.fill("Password", PASSWORD).press("Go on").await;
        assert_eq!(page.address, needs[0].page, "{}", page.words());
        let first = browser.upload(&needs[0].page, &[("late.pdf", &pdf("late"))]).await;
        browser.follow(first).await.says_all(&["card.jpg", "late.pdf"]);

        browser.visit("/account/data").await.says_all(&["You sent a document", "late.pdf"]);

        // An operator answers somebody who calls: the record as JSON, the documents as files.
        let folder = bench.path("out");
        std::fs::create_dir(&folder).expect("a folder");
        let owner = text(bench, "SELECT owner FROM document LIMIT 1").await;
        let of = Of { office: bench.args(), owner };
        let export = AccountArgs { command: AccountCommand::Export { of, documents: Some(folder.clone()) } };
        let (said, ended) = command(&export, TODAY, &mut std::io::empty()).await.expect("it answers");
        assert!(ended == 0 && said.contains("late.pdf"), "{said}");
        let mut files: Vec<Vec<u8>> = std::fs::read_dir(&folder)
            .expect("a folder")
            .map(|file| std::fs::read(file.expect("a file").path()).expect("bytes"))
            .collect();
        files.sort();
        let mut sent = [card, pdf("late")];
        sent.sort();
        assert_eq!(files, sent);

        let page = browser.visit("/account/delete").await.fill("Password", PASSWORD);
        // What was sent goes only if somebody says that they know it.
        let asked = page.press("Delete everything now").await;
        assert_eq!(asked.status, 422);
        asked.says("Tick the box if you want to delete what you have sent");
        let gone = asked.fill("Password", PASSWORD).choose("sure").press("Delete everything now").await;
        assert_eq!(gone.heading(), "Everything is deleted", "{}", gone.words());
        for table in ["document", "document_body", "desk_item", "dmi"] {
            assert_eq!(bench.count(table).await, 0, "{table}");
        }
    })
    .await;
}

/// A browser that is still sending shows an answer only when it has sent everything.
#[tokio::test]
async fn a_form_is_read_to_its_end_when_the_store_fails_in_the_middle() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &["ssn"]).await;
        let part = |name: &str| {
            let head = format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            [head.into_bytes(), pdf(name), b"\r\n".to_vec()].concat()
        };
        let parts = [part("a.pdf"), part("b.pdf"), part("c.pdf"), b"--edge--\r\n".to_vec()];
        let read = Arc::new(AtomicUsize::new(0));
        let body = || {
            let read = Arc::clone(&read);
            read.store(0, Ordering::Relaxed);
            let parts = parts.clone().into_iter();
            Body::from_stream(stream::iter(parts).map(move |part| {
                read.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(part)
            }))
        };
        let headers = [("content-type", "multipart/form-data; boundary=edge"), ("sec-fetch-site", "same-origin")];
        bench.run_raw("ALTER TABLE document RENAME TO document_away").await;
        let page = browser.send("POST", &needs[0].page, &headers, body()).await;
        assert_eq!((page.status, read.load(Ordering::Relaxed)), (500, parts.len()), "{}", page.words());
        bench.run_raw("ALTER TABLE document_away RENAME TO document").await;
        if !bench.is_sqlite() {
            let held = bench.hold("dmi").await;
            let began = Instant::now();
            let page = browser.send("POST", &needs[0].page, &headers, body()).await;
            assert!(began.elapsed() < TOLD, "{:?}", began.elapsed());
            assert_eq!((page.status, read.load(Ordering::Relaxed)), (503, parts.len()), "{}", page.words());
            held.close().await.expect("it closes");
        }
        let page = browser.send("POST", &needs[0].page, &headers, body()).await;
        assert_eq!(page.status, 303, "{}", page.words());
        assert_eq!(bench.count("document").await, 3);
    })
    .await;
}

#[tokio::test]
async fn nothing_of_a_file_can_be_read_anywhere_else() {
    const NAME: &str = "recibo quetzal zanahoria.pdf";
    const WORDS: &str = "tamarindo sobre la mesa del desayuno";
    on_each_engine(async |bench| {
        let (log, _guard) = Log::keep_all_events();
        let world = World::open(bench).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &["income"]).await;
        let bad = [b"<html>".to_vec(), WORDS.as_bytes().to_vec()].concat();
        let first = browser.upload(&needs[0].page, &[(NAME, &pdf(WORDS)), ("mala zanahoria.html", &bad)]).await;
        first.says("recibo quetzal zanahoria.pdf");
        let owner = newest_owner(bench, "guest:%").await;
        of_owner(&world, &owner, &["ssn"]).await;
        world.opened.store.close().await;
        let mut all = files_of(bench);
        all.push(("the log".to_string(), log.text().into_bytes()));
        all.push(("the dump".to_string(), dump(bench).await));
        for said in [NAME, WORDS, "zanahoria", "tamarindo", "quetzal"] {
            for (name, bytes) in &all {
                assert!(!holds(bytes, said), "{name} holds {said}");
            }
        }
        assert!(log.text().contains("refused an upload"), "that one was refused is in the log");
    })
    .await;
}
