//! `windowshop queue`: says what waits and why, never what it is about; each order is on record.

use serde_json::Value;
use windowshop::config::OfficeArgs;
use windowshop::operator::Common;
use windowshop::operator::queue::{QueueArgs, QueueCommand, command};

use super::queue::{WALK, claim, put};
use crate::site::TODAY;
use crate::store::engines::on_each_engine;

async fn said(command_: QueueCommand) -> (String, u8) {
    command(&QueueArgs { command: command_ }, TODAY).await.expect("it runs")
}

fn common(office: OfficeArgs, json: bool) -> Common {
    Common { office, json }
}

#[tokio::test]
async fn an_operator_sees_what_waits_and_brings_it_back_or_gives_it_up() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        put(&office, &WALK, &["job:1", "job:2", "job:3"]).await;
        bench.run_raw("UPDATE job SET state = 2, attempt = 3, last_error = 'not yet' WHERE key <> 'job:3'").await;
        let list = |json, dead| QueueCommand::List { common: common(bench.args(), json), dead, last: 20 };
        let (text, code) = said(list(false, false)).await;
        assert_eq!(code, 0);
        assert!(text.starts_with("walk: 1 wait (the oldest for ") && text.contains("0 held, 2 dead\n"), "{text}");
        assert!(text.contains("dead  walk         job:1 attempt 3  (not yet)"), "{text}");
        let listed: Value = serde_json::from_str(&said(list(true, true)).await.0).expect("JSON");
        assert_eq!((listed["jobs"].as_array().map(Vec::len), &listed["kinds"][0]["dead"]), (Some(2), &Value::from(2)));

        let of = |key: &str| (common(bench.args(), true), key.to_string());
        let (common_, key) = of("job:1");
        assert_eq!(said(QueueCommand::Retry { common: common_, key }).await.1, 0);
        assert_eq!(bench.count("job WHERE key = 'job:1' AND state = 0 AND attempt = 0").await, 1);
        let (common_, key) = of("job:2");
        assert_eq!(said(QueueCommand::Drop { common: common_, key }).await.1, 0);
        assert_eq!(bench.count("job_done WHERE key = 'job:2' AND outcome = 'dropped'").await, 1);
        let (common_, key) = of("job:2");
        let (text, code) = said(QueueCommand::Retry { common: common_, key }).await;
        assert_eq!((text.contains("\"done\":false"), code), (true, 2), "{text}");
        let (common_, key) = of("job:2");
        assert!(said(QueueCommand::Show { common: common_, key }).await.0.contains("\"state\":\"dropped\""));

        let (common_, kind) = of("walk");
        assert_eq!(said(QueueCommand::Pause { common: common_, kind }).await.1, 0);
        assert!(claim(&office, &["walk"], 9).await.is_empty());
        assert!(said(list(false, false)).await.0.contains("2 wait"), "they wait");
        assert!(said(list(false, false)).await.0.contains(", PAUSED"));
        let (common_, kind) = of("walk");
        assert_eq!(said(QueueCommand::Resume { common: common_, kind }).await.1, 0);
        assert_eq!(claim(&office, &["walk"], 9).await.len(), 2);
        let (common_, key) = of("job:1");
        assert_eq!(said(QueueCommand::Drop { common: common_, key }).await.1, 2, "a worker holds it");
        let show = QueueCommand::Show { common: common(bench.args(), false), key: "job:1".to_string() };
        let text = said(show).await.0;
        assert!(text.contains("state: held\n") && text.contains("request_id: abcdef0123456789\n"), "{text}");
        assert!(!text.contains("payload"), "{text}");
        for deed in ["job_retried", "job_dropped", "queue_paused", "queue_resumed"] {
            assert_eq!(bench.count(&format!("audit WHERE deed = '{deed}' AND actor LIKE 'operator:%'")).await, 1);
        }
    })
    .await;
}
