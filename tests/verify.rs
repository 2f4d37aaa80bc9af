//! Outside evidence: published auctions, a share's morning, a contract sheet and three years of settlement prices go through the engine and
//! come out as published; what is wrong with them is found; what cannot be run says why, and the rest goes on.
#![allow(clippy::unwrap_used)]

use backstop::verify::{Case, Settings, verify};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A file of the data that nobody here wrote, where it is there.
fn data(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: ../shared/data/{file} is not there");
    None
}

fn run(files: &[&Path]) -> Vec<Case> {
    run_with(files, &Settings::default()).unwrap()
}

fn run_with(files: &[&Path], settings: &Settings) -> Result<Vec<Case>, String> {
    let files: Vec<PathBuf> = files.iter().map(|file| (*file).to_owned()).collect();
    verify(&files, settings).map(|verified| verified.into_iter().flat_map(|(_, cases)| cases).collect())
}

fn cases(folder: &TempDir, cases: &Value) -> Vec<Case> {
    let path = folder.path().join("cases.json");
    fs::write(&path, cases.to_string()).unwrap();
    run(&[&path])
}

fn all_right(cases: &[Case], count: usize) {
    let wrong: Vec<&Case> = cases.iter().filter(|case| !case.ok).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(cases.len(), count);
}

#[test]
fn published_auctions_are_found_under_their_rule_sets() {
    let Some(file) = data("auction-examples.json") else { return };
    let examples: Vec<Value> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    all_right(&run(&[&file]), examples.len());
}

#[test]
fn the_shares_morning_is_traded_as_published_and_a_changed_trade_is_found() {
    let (Some(orders), Some(trades)) = (data("equity-morning-orders.csv"), data("equity-morning-trades.csv")) else {
        return;
    };
    all_right(&run(&[&orders]), 1);
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(&trades).unwrap();
    let changed = folder.path().join("trades.csv");
    fs::write(&changed, text.replacen("1485,713,624,180808,100", "1485,713,624,180809,100", 1)).unwrap();
    let cases = run(&[&orders, &changed]);
    assert!(!cases[0].ok && cases[0].note.as_ref().unwrap().contains("trade 1 of 11537"), "{cases:?}");
}

#[test]
fn limits_of_every_contract_of_the_sheet_follow_by_rule_and_a_changed_one_is_found() {
    let Some(sheet) = data("contracts-2024-09-30.csv") else { return };
    all_right(&run(&[&sheet]), 828);
    let folder = TempDir::new().unwrap();
    let changed = folder.path().join("contracts-2024-09-30.csv");
    let text = fs::read_to_string(&sheet).unwrap();
    let text = text.replacen(",4160.6,3404.2,", ",4160.8,3404.2,", 1).replacen(",1401,660.6,", ",1401,660.8,", 1);
    fs::write(&changed, text).unwrap();
    let wrong: Vec<String> = run(&[&changed]).into_iter().filter(|case| !case.ok).map(|case| case.id).collect();
    assert_eq!(wrong, ["IF2410", "IO2410-C-2800"]);
    // Against settlement prices of the day before.
    let prices = folder.path().join("prices.csv");
    let header = "instrument,date,open,high,low,close,settlement,volume,listed,last_trading_day\n";
    let rows = "IF2410,2024-09-27,,,,,3782.4,1,,2024-10-18\nIF2410,2024-09-30,,,,,4160.6,1,,2024-10-18\nIF2411,2024-09-27,,,,,3790,1,,2024-11-15\n";
    fs::write(&prices, format!("{header}{rows}")).unwrap();
    let cases = run(&[&sheet, &prices]);
    let case = |id: &str| cases.iter().find(|case| case.id == id && case.expected.get("up").is_some()).unwrap();
    assert!(case("IF2410").ok && case("IF2410").note.as_ref().unwrap().contains("3782.4 given"));
    assert!(!case("IF2411").ok && case("IF2411").got["up"] == json!(4169), "{:?}", case("IF2411"));
    // With the index close that was published, and with another one.
    let mut settings = Settings::default();
    settings.index.insert("IO".to_owned(), 37_036_800);
    all_right(&run_with(&[&sheet], &settings).unwrap(), 828);
    settings.index.insert("IO".to_owned(), 37_136_800);
    let wrong = run_with(&[&sheet], &settings).unwrap().into_iter().filter(|case| !case.ok).count();
    assert!(wrong > 50, "{wrong}");
}

#[test]
fn three_years_of_prices_lie_within_the_limits_of_the_day_before() {
    let Some(file) = data("settlement-prices-2020-2022.csv") else { return };
    let cases = run(&[&file]);
    all_right(&cases, cases.len());
    let prices: u64 = cases.iter().filter_map(|case| case.got["prices within limits"].as_u64()).sum();
    let held: u64 = cases.iter().filter_map(|case| case.got["positions held to delivery"].as_u64()).sum();
    println!("{} cases, {prices} prices, {held} positions held to delivery", cases.len());
    assert!(cases.len() > 250 && prices > 50_000 && held > 10_000, "{} {prices} {held}", cases.len());
    let folder = TempDir::new().unwrap();
    let beyond = folder.path().join("beyond.csv");
    let header = "instrument,date,open,high,low,close,settlement,volume,listed,last_trading_day\n";
    let rows = "IF2001,2020-01-02,4000,4000,4000,4000,4000,1,,2020-01-17\nIF2001,2020-01-03,4000,4400.2,4000,4000,4000,1,,2020-01-17\n";
    fs::write(&beyond, format!("{header}{rows}")).unwrap();
    let cases = run(&[&beyond]);
    assert!(!cases[0].ok && cases[0].note.as_ref().unwrap().contains("4400.2: PriceAboveLimit"), "{cases:?}");
}

fn auction(
    rule_set: &str,
    reference: Value,
    bids: Value,
    asks: Value,
    price: Value,
    volume: u64,
    surplus: i64,
) -> Value {
    let expected = json!({ "price": price, "volume": volume, "surplus_buy_minus_sell": surplus });
    json!({ "id": rule_set, "rule_set": rule_set, "reference_price": reference, "tick": 1, "bids": bids, "asks": asks, "expected": expected })
}

#[test]
fn equally_good_prices_are_chosen_between_as_each_rule_set_says() {
    let folder = TempDir::new().unwrap();
    let none = Value::Null;
    // Balanced, 90 to 95 all the same; then buyers press; then sellers.
    let balanced = |rule: &str, reference: Value, price: i32| {
        auction(rule, reference, json!([[95, 5]]), json!([[90, 5]]), json!(price), 5, 0)
    };
    let pressed = |rule: &str, buys: u32, sells: u32, price: i32, surplus: i64| {
        auction(rule, json!(92), json!([[95, buys]]), json!([[90, sells]]), json!(price), 5, surplus)
    };
    let list = json!([
        balanced("CME IOP", json!(93), 93),
        balanced("CME IOP", json!(200), 95),
        balanced("JSE/MIT", json!(10), 90),
        balanced("NSE pre-open equilibrium", json!(91), 91),
        balanced("CFFEX contest 2024 (simplified)", none.clone(), 95),
        balanced("SZSE equity", none.clone(), 92),
        balanced("lowest", none.clone(), 90),
        pressed("CME IOP", 7, 5, 95, 2),
        pressed("CME IOP", 5, 7, 90, -2),
        pressed("NSE pre-open equilibrium", 7, 5, 92, 2),
        pressed("JSE/MIT", 7, 5, 95, 2),
        // Orders without a price come first of their side.
        auction("JSE/MIT", none.clone(), json!([[100, 5]]), json!([["MKT", 3], [99, 4]]), json!(100), 5, -2),
        auction("CME IOP", none.clone(), json!([[90, 5]]), json!([[95, 5]]), none.clone(), 0, 0),
        auction("CME IOP", none.clone(), json!([]), json!([]), none, 0, 0),
    ]);
    let ran = cases(&folder, &list);
    // Sellers press at 99 and 100 alike: the lowest.
    let market =
        ran.iter().position(|case| case.id == "JSE/MIT" && case.got["surplus_buy_minus_sell"] == json!(-2)).unwrap();
    assert_eq!(ran[market].got["price"], json!(99));
    let others: Vec<Case> =
        ran.iter().enumerate().filter(|(place, _)| *place != market).map(|(_, case)| case.clone()).collect();
    all_right(&others, 13);
}

#[test]
fn what_cannot_be_run_says_why_and_the_rest_goes_on() {
    let folder = TempDir::new().unwrap();
    let good = auction("CME IOP", Value::Null, json!([[95, 5]]), json!([[95, 5]]), json!(95), 5, 0);
    let with = |name: &str, value: Value| {
        let mut case = good.clone();
        case[name] = value;
        case
    };
    let table = [
        (with("rule_set", json!("Planet Mars")), "rule_set \"Planet Mars\" is not known"),
        (with("rule_set", Value::Null), "rule_set: expected a name"),
        (with("bids", json!([[95]])), "expected [price, volume]"),
        (with("bids", json!([[95, 0]])), "expected [price, volume]"),
        (with("bids", json!([[95, 1.5]])), "expected [price, volume]"),
        (with("bids", json!([["cheap", 1]])), "expected [price, volume]"),
        (with("bids", json!([[95.00001, 1]])), "expected [price, volume]"),
        (with("bids", json!([[95.5, 1]])), "not on the tick"),
        (with("bids", json!([[9_500_000, 1]])), "ticks of 1 apart"),
        (with("tick", json!(0)), "tick 0"),
        (with("expected", json!({})), "nothing to compare"),
        (with("expected", json!(5)), "expected: an object"),
        (with("reference_price", json!("x")), "reference_price"),
        (auction("NSE", Value::Null, json!([[95, 5]]), json!([[90, 5]]), json!(95), 5, 0), "reference_price: needed"),
        (json!({ "id": "x", "kind": "delivery" }), "kind \"delivery\""),
        (json!(7), "expected `bids`"),
    ];
    let mut list: Vec<Value> = table.iter().map(|(case, _)| case.clone()).collect();
    list.push(good);
    let ran = cases(&folder, &json!(list));
    for ((case, words), got) in table.iter().zip(&ran) {
        let note = got.note.as_deref().unwrap_or_default();
        assert!(!got.ran && !got.ok && note.contains(words), "{case}: {note}");
    }
    assert!(ran[table.len()].ok);
    // A rule set of one's own.
    let path = folder.path().join("own.json");
    let own = auction("Planet Mars", Value::Null, json!([[95, 5]]), json!([[90, 5]]), json!(90), 5, 0);
    fs::write(&path, json!([own]).to_string()).unwrap();
    let mut settings = Settings::default();
    settings.rule_sets.insert("planet mars".to_owned(), engine::types::TieBreak::Lowest);
    all_right(&run_with(&[&path], &settings).unwrap(), 1);
}

#[test]
fn a_wrong_expectation_is_not_ok() {
    let folder = TempDir::new().unwrap();
    let right = auction("CME IOP", Value::Null, json!([[95, 5]]), json!([[95, 6]]), json!(95), 5, -1);
    for (name, value) in
        [("price", json!(94)), ("volume", json!(6)), ("surplus_buy_minus_sell", json!(1)), ("price", Value::Null)]
    {
        let mut wrong = right.clone();
        wrong["expected"][name] = value;
        let ran = cases(&folder, &json!([wrong]));
        assert!(ran[0].ran && !ran[0].ok, "{name}: {ran:?}");
    }
    all_right(&cases(&folder, &json!([right])), 1);
}

#[test]
fn settlement_prices_come_of_trades_by_rule() {
    let folder = TempDir::new().unwrap();
    let case = |trades: Value, more: Value, settlement: Value| {
        let mut inputs = json!({ "sessions": [["09:30", "11:30"], ["13:00", "15:00"]], "trades": trades });
        more.as_object().unwrap().iter().for_each(|(name, value)| inputs[name] = value.clone());
        json!({ "id": "s", "kind": "daily settlement price", "inputs": inputs, "expected": { "settlement": settlement } })
    };
    let list = json!([
        // (3500 + 2 x 3501.2) / 3 = 3500.8; what was before the last hour does not count.
        case(
            json!([["13:59:59", 3400, 50], ["14:00:00", 3500, 1], ["14:59:59.999", 3501.2, 2]]),
            json!({}),
            json!(3500.8)
        ),
        case(json!([["14:00:00", 3500, 1], ["14:30:00", 3500.2, 2]]), json!({ "round_to": 0.1 }), json!(3500.1)),
        case(json!([["10:45:00", 3500, 1], ["09:40:00", 3600, 1]]), json!({}), json!(3500)),
        case(json!([["10:45:00", 3500, 1]]), json!({ "at_limit": 3850 }), json!(3850)),
        case(json!([]), json!({ "previous_settlement": 3500, "reference_move": -12.4 }), json!(3487.6)),
        case(
            json!([]),
            json!({ "previous_settlement": 3500, "reference_move": 900, "limits": [3150, 3850] }),
            json!(3850)
        ),
        case(json!([]), json!({}), Value::Null),
        case(
            json!([["14:45:00", 101.505, 3], ["15:00:00", 101.51, 1]]),
            json!({ "tick": 0.005, "sessions": [["09:30", "11:30"], ["13:00", "15:15"]] }),
            json!(101.505)
        ),
    ]);
    all_right(&cases(&folder, &list), 8);
    let wrong = cases(&folder, &json!([case(json!([["14:00:00", 3500, 1]]), json!({}), json!(3500.2))]));
    assert!(wrong[0].ran && !wrong[0].ok);
    for broken in [
        case(json!([["14:00", 3500.1, 1]]), json!({}), json!(1)),
        case(json!([["x", 3500, 1]]), json!({}), json!(1)),
        case(json!([]), json!({ "sessions": [["11:30", "09:30"]] }), json!(1)),
        case(json!(5), json!({}), json!(1)),
    ] {
        assert!(!cases(&folder, &json!([broken]))[0].ran);
    }
}

#[test]
fn a_file_of_no_known_kind_is_refused_with_what_was_expected() {
    let folder = TempDir::new().unwrap();
    for (text, words) in [
        ("", "line 1: expected a JSON list"),
        ("a,b\n1,2\n", "line 1: expected a JSON list"),
        ("[]", "it is empty"),
        ("[1", "no JSON"),
        ("row,buy_order,sell_order,price,volume\n", "trades without their order flow"),
        ("row,time,op,order,side,price,volume\n", "no trades for it"),
        ("instrument,limit_up,limit_down\nIF2410,x,1\n", "row 2, column limit_up"),
        ("instrument,date,settlement\nIF2410,2024-01-01,0\n", "row 2, column settlement"),
    ] {
        let path = folder.path().join("evidence");
        fs::write(&path, text).unwrap();
        let fault = run_with(&[&path], &Settings::default()).unwrap_err();
        assert!(fault.contains(words), "{text:?} -> {fault}");
    }
    let fault = run_with(&[Path::new("nowhere")], &Settings::default()).unwrap_err();
    assert!(fault.contains("nowhere: cannot be read"), "{fault}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-10_000i64..10_000).prop_map(|ticks| json!(ticks as f64 / 5.0)),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["MKT", "CME IOP", "highest", "x", ""]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| prop::collection::vec(inner, 0..5).prop_map(Value::from))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_case_runs_or_says_why(
        bids in any_json(), asks in any_json(), rule in any_json(), reference in any_json(), tick in any_json(),
        price in any_json(), field in 0usize..6,
    ) {
        let folder = TempDir::new().unwrap();
        let mut case = auction("CME IOP", json!(93), json!([[95, 5], [94, 2]]), json!([[90, 5]]), json!(95), 5, 0);
        match field {
            0 => case["bids"] = bids,
            1 => case["asks"] = asks,
            2 => case["rule_set"] = rule,
            3 => case["reference_price"] = reference,
            4 => case["tick"] = tick,
            _ => case["expected"]["price"] = price,
        }
        let ran = cases(&folder, &json!([case]));
        prop_assert_eq!(ran.len(), 1);
        prop_assert!(ran[0].ran || ran[0].note.is_some());
    }

    #[test]
    fn any_bytes_are_evidence_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), head in 0usize..5) {
        let folder = TempDir::new().unwrap();
        let heads = [
            "", "[{\"bids\":[[1,2]],\"asks\":", "instrument,limit_up,limit_down\n", "instrument,date,settlement\n",
            "row,time,op,order,side,price,volume\n",
        ];
        let path = folder.path().join("evidence");
        fs::write(&path, [heads[head].as_bytes(), &bytes].concat()).unwrap();
        let _ = run_with(&[&path], &Settings::default());
    }
}

#[test]
fn settlement_examples_factors_and_chains_come_out() {
    let (Some(examples), Some(factors)) = (data("settlement-examples.json"), data("conversion-factors.csv")) else {
        return;
    };
    let cases = run(&[&examples]);
    assert!(cases.len() >= 12, "{} examples", cases.len());
    all_right(&cases, cases.len());
    let cases = run(&[&factors]);
    assert!(cases.len() >= 41, "{} factors", cases.len());
    all_right(&cases, cases.len());

    // What is wrong is told as wrong, and what is no case as none.
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let header = "contract,coupon_rate,maturity,conversion_factor\n";
    let cases = run(&[&path(
        "factors.csv",
        &format!("{header}T2406,0.03,2034-03-15,1.0000\nT2406,0.03,2034-03-15,1.0001\nX,0.03,2034-03-15,1\n"),
    )]);
    assert_eq!(
        cases.iter().map(|case| (case.ok, case.ran)).collect::<Vec<_>>(),
        [(true, true), (false, true), (false, false)]
    );
    let prices = "instrument,date,settlement,last_trading_day\nIF2001,2020-01-15,4000,2020-01-17\nIF2001,2020-01-16,4010.2,2020-01-17\nIF2001,2020-01-17,4020.33,2020-01-17\n";
    let cases = run(&[&path("prices.csv", prices)]);
    assert!(cases.len() == 2 && cases.iter().all(|case| case.ok), "{cases:?}");
}
