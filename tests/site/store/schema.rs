//! Tables: from every earlier schema with rows in it, beside a newer one, and what is refused at start.

use sqlx::{AssertSqlSafe, Connection as _};
use windowshop::check;
use windowshop::store::schema::{self, BINARY, Kind, MIGRATIONS};
use windowshop::store::{Ahead, Store, StoreAddress, columns};

use super::engines::{Bench, benches, on_each_engine};
use crate::site::TODAY;
use crate::web::repository::root;

/// Rows as a store of this schema holds them.
fn sample(schema: i64) -> String {
    let file = root().join(format!("tests/cases/store/{schema:04}.sql"));
    std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{}: each migration has its sample", file.display()))
}

async fn address(bench: &Bench) -> StoreAddress {
    let mut faults = Vec::new();
    let place = windowshop::config::OfficePlace::read(&bench.args(), &mut faults);
    assert_eq!(faults, []);
    StoreAddress::of(&place)
}

async fn refusal(bench: &Bench) -> String {
    let opened = Store::open(&address(bench).await, Ahead::default()).await;
    opened.expect_err("refused").to_string()
}

#[tokio::test]
async fn a_filled_store_of_every_earlier_schema_is_brought_up_and_keeps_its_rows() {
    for (begun, ..) in MIGRATIONS {
        for bench in benches().await {
            println!("schema {begun} on {}", bench.engine);
            let early = Store::open_up_to(&address(&bench).await, Ahead::default(), Some(begun)).await.expect("opened");
            assert_eq!(early.marks().schema, begun);
            early.close().await;
            let mut connection = bench.raw().await;
            for (schema, ..) in MIGRATIONS.into_iter().filter(|(number, ..)| *number <= begun) {
                let sample = sqlx::raw_sql(AssertSqlSafe(sample(schema)));
                sample.execute(&mut connection).await.expect("the sample fits");
            }
            connection.close().await.expect("it closes");
            let tables: Vec<&str> =
                schema::tables().iter().filter(|table| table.since <= begun).map(|table| table.name).collect();
            let mut before = Vec::new();
            for table in &tables {
                before.push(bench.count(table).await);
                assert!(before.last().is_some_and(|count| *count > 0), "the sample {begun} fills {table}");
            }
            let store = Store::open(&address(&bench).await, Ahead::default()).await.expect("brought up");
            assert_eq!(store.marks().schema, BINARY);
            store.close().await;
            for (table, before) in tables.iter().zip(before) {
                assert_eq!(bench.count(table).await, before, "{table}");
            }
            bench.end().await;
        }
    }
}

#[tokio::test]
async fn the_old_binary_runs_beside_a_new_schema_until_that_forbids_it() {
    on_each_engine(async |bench| {
        bench.open().await.store.close().await;
        bench.run_raw(&format!("UPDATE store_mark SET value = {} WHERE name = 'schema'", BINARY + 1)).await;
        let store = Store::open(&address(bench).await, Ahead::default()).await.expect("it runs beside");
        assert_eq!(store.marks().schema, BINARY + 1);
        store.close().await;
        bench.run_raw(&format!("UPDATE store_mark SET value = {} WHERE name = 'min_binary'", BINARY + 1)).await;
        let refused = refusal(bench).await;
        assert!(
            refused.contains("changed by a newer Windowshop") && refused.contains("start the newer one"),
            "{refused}"
        );
    })
    .await;
}

#[tokio::test]
async fn several_processes_may_start_at_once() {
    on_each_engine(async |bench| {
        let address = address(bench).await;
        let starts = (0..4).map(|_| {
            let address = address.clone();
            tokio::spawn(async move { Store::open(&address, Ahead::default()).await })
        });
        for start in starts.collect::<Vec<_>>() {
            start.await.expect("no panic").expect("each of them starts");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_store_is_refused_with_the_reason() {
    let bench = Bench::new(None).await;
    std::fs::write(bench.path("office.db"), "this is no database, and long enough to be looked at as one by SQLite")
        .expect("written");
    let refused = refusal(&bench).await;
    assert!(refused.contains("office.db") && refused.contains("not a database"), "{refused}");

    let bench = Bench::new(None).await;
    std::fs::create_dir(bench.path("office.db")).expect("a folder");
    let refused = refusal(&bench).await;
    assert!(refused.contains("office.db: cannot be made"), "{refused}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_without_its_password() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let bench = Bench::new(None).await;
    let mut args = bench.args();
    args.database_url = format!("postgres://office:geheim7@127.0.0.1:{port}/office").parse().expect("any text");
    let Err(refused) = windowshop::operator::open(&args, TODAY).await else { panic!("nobody is there") };
    let refused = format!("{refused:#}");
    assert!(refused.contains(&format!("postgres://127.0.0.1:{port}/office: cannot be reached")), "{refused}");
    assert!(!refused.contains("geheim7") && !format!("{args:?}").contains("geheim7"), "{refused}");

    for (url, words) in [
        ("mysql://a/b", "begins with \"mysql\""),
        ("postgres://host", "names no host or no database"),
        ("office:geheim7@", "begins with \"office\""),
        ("geheim7", "is no URL"),
    ] {
        args.database_url = url.parse().expect("any text");
        let mut faults = Vec::new();
        windowshop::config::OfficePlace::read(&args, &mut faults);
        let told = faults[0].to_string();
        assert!(told.starts_with("--database-url (WINDOWSHOP_DATABASE_URL): ") && told.contains(words), "{told}");
        assert!(!told.contains("geheim7"), "{told}");
    }
}

#[tokio::test]
async fn a_store_that_serve_could_not_open_is_a_fault_among_others() {
    let dir = crate::site::empty_data_folder().await;
    assert_eq!(check::validate(&crate::site::config(dir.path(), &[])).await, [], "none is there yet");
    let file = dir.path().join("office.db");
    std::fs::write(&file, "this is no database, and long enough to be looked at as one by SQLite").expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("its owner's alone");
    }
    let faults = check::validate(&crate::site::config(dir.path(), &[])).await;
    assert!(faults.len() == 1 && faults[0].to_string().starts_with("--data-dir (WINDOWSHOP_DATA_DIR): "), "{faults:?}");
    let nobody = ["--database-url", "postgres://office@127.0.0.1:1/office"];
    let faults = check::validate(&crate::site::config(dir.path(), &nobody)).await;
    assert!(faults.len() == 1 && faults[0].flag == "database-url", "{faults:?}");
    assert!(faults[0].what.contains("cannot be reached"), "{faults:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_and_its_companions_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new(None).await;
    let office = bench.open().await;
    office.store.now().await.expect("a time");
    for name in ["office.db", "office.db-wal", "office.db-shm", "site.key"] {
        let data = std::fs::metadata(bench.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(data.permissions().mode() & 0o077, 0, "{name}");
    }
}

/// docs/office.md, Sealing: every column of bytes is in exactly one of the two lists.
#[test]
fn every_column_of_bytes_is_registered() {
    let tables = schema::tables().iter();
    let bytes = tables.flat_map(|table| {
        let bytes = table.columns.iter().filter(|column| column.kind == Kind::Bytes);
        bytes.map(|column| (table.name, column.name))
    });
    let mut filed: Vec<(&str, &str)> = bytes.collect();
    let lists = columns::SEALED.iter().chain(&columns::NOT_SEALED);
    let mut listed: Vec<(&str, &str)> = lists.map(|column| (column.table, column.column)).collect();
    filed.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, filed, "src/store/columns.rs against sql/store");
}
