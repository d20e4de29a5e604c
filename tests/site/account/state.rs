//! What `windowshop check` says of an office that would start, before its first start and after.

use windowshop::check::{self, state};
use windowshop::operator::backup::{BackupArgs, back_up};

use crate::site::{TODAY, config, empty_data_folder};
use crate::store::engines::{Bench, on_each_engine};

async fn said(bench: &Bench, settings: &[&str]) -> Vec<(&'static str, bool, String)> {
    let url = bench.args().database_url.expose().to_string();
    let database = ["--database-url", url.as_str()];
    let all = [if url.is_empty() { &[][..] } else { &database[..] }, settings].concat();
    let lines = state::of(&config(&bench.path(""), &all), TODAY).await;
    lines.into_iter().map(|line| (line.what, line.good, line.words)).collect()
}

#[track_caller]
fn of<'l>(lines: &'l [(&'static str, bool, String)], what: &str) -> (bool, &'l str) {
    let line = lines.iter().find(|line| line.0 == what).unwrap_or_else(|| panic!("{what}: {lines:?}"));
    (line.1, &line.2)
}

#[tokio::test]
async fn each_part_says_what_is_missing_and_what_to_do() {
    on_each_engine(async |bench| {
        let new = said(bench, &[]).await;
        assert!(of(&new, "store").1.contains("the first start makes it"), "{new:?}");
        assert!(!bench.path("site.key").exists() && !bench.path("office.db").exists(), "nothing was made");
        assert!(of(&new, "letters").1.contains("--mail-server") && !of(&new, "letters").0);
        assert!(of(&new, "public address").1.contains("--public-url") && !of(&new, "public address").0);
        assert!(of(&new, "breached passwords").1.contains("--breached-passwords"));

        assert!(of(&new, "plain connections").0 && of(&new, "letters signed").1.contains("--dkim-key"), "{new:?}");
        let wide = said(bench, &["--metrics-listen", "0.0.0.0:0"]).await;
        let (good, words) = of(&wide, "plain connections");
        assert!(!good && words.contains("--metrics-listen 0.0.0.0:0:") && !words.contains("--listen"), "{words}");

        bench.open().await.store.close().await;
        let begun = said(bench, &[]).await;
        assert!(of(&begun, "store").1.contains("schema") && of(&begun, "keys").0, "{begun:?}");
        assert!(of(&begun, "newest backup").1.contains("windowshop backup") && !of(&begun, "newest backup").0);
        let backup = BackupArgs { office: bench.args(), to: bench.path("monday") };
        back_up(&backup, TODAY).await.expect("a backup");
        bench.run_raw("UPDATE audit SET at = at - 3 * 86400000").await;
        let late = said(bench, &[]).await;
        assert!(of(&late, "newest backup").1.contains("3 days ago"), "{late:?}");

        let file = bench.path("breached.sha1");
        std::fs::write(&file, [7; 20]).expect("written");
        let settings =
            ["--public-url", "https://plans.example.org", "--mail-server", "smtps://me:geheim7@mail.example.org"];
        let breached = ["--breached-passwords", file.to_str().expect("UTF-8")];
        let hub = ["--hub-url", "https://hub.example.gov/api", "--hub-token", "geheim8"];
        assert!(of(&late, "federal hub").1.contains("--hub-url") && !of(&late, "federal hub").0, "{late:?}");
        let alone = said(bench, &hub).await;
        assert!(of(&alone, "federal hub").1.contains("--hub-contact-phone"), "{alone:?}");
        let phone = ["--hub-contact-phone", "5550100100"];
        back_up(&BackupArgs { office: bench.args(), to: bench.path("tuesday") }, TODAY).await.expect("a backup");
        let good = said(bench, &[&settings[..], &breached[..], &hub[..], &phone[..]].concat()).await;
        assert!(good.iter().all(|line| line.1), "{good:?}");
        assert!(!format!("{good:?}").contains("geheim") && of(&good, "breached passwords").1.ends_with(": 1"));
    })
    .await;
}

#[tokio::test]
async fn a_file_of_breached_passwords_in_another_form_is_a_fault_among_others() {
    let data = empty_data_folder().await;
    let file = data.path().join("pwned.txt");
    std::fs::write(&file, "000000005AD76BD555C1D6D771DE417A4B87E4B4:10\r\n").expect("written");
    let named = ["--breached-passwords", file.to_str().expect("UTF-8")];
    let faults = check::validate(&config(data.path(), &named)).await;
    let told = faults.first().map(ToString::to_string).unwrap_or_default();
    assert!(told.starts_with("--breached-passwords (WINDOWSHOP_BREACHED_PASSWORDS): "), "{faults:?}");
    assert!(told.contains("holds text") && told.contains("xxd -r -p") && faults.len() == 1, "{faults:?}");
}
