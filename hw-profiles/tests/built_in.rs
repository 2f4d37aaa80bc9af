//! The built-in profiles, each against itself and against what machines say of themselves.

use hw_profiles::{Architecture, Basis, Cpu, P999_NS_CEILING, Profile, Stage, Waiting, detect};

fn all() -> Vec<Profile> {
    Profile::names().map(|name| Profile::load(name).unwrap_or_else(|fault| panic!("{fault}"))).collect()
}

fn servers() -> Vec<Profile> {
    all().into_iter().filter(|profile| profile.recognise.architecture != Architecture::Any).collect()
}

#[test]
fn there_are_nine_and_each_bears_its_files_name() {
    let names: Vec<String> = all().into_iter().map(|profile| profile.name).collect();
    assert_eq!(names, Profile::names().collect::<Vec<_>>());
    assert_eq!(names.len(), 9);
    for name in names {
        let file = format!("{}/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{file}: {fault}"));
        assert_eq!(Profile::source(&name), Some(text.as_str()), "{file} is what the binary carries");
        assert_eq!(Profile::load(&file).expect("whole"), Profile::load(&name).expect("whole"));
    }
}

#[test]
fn a_servers_stages_stand_on_one_node_and_in_one_cluster_and_leave_core_0_alone() {
    for profile in servers() {
        let (name, topology) = (&profile.name, &profile.topology);
        let cores = profile.layout.core_numbers();
        let nodes: std::collections::BTreeSet<u16> = cores.iter().map(|core| core / topology.cores_per_node).collect();
        assert_eq!(nodes.len(), 1, "{name}: {cores:?}");
        if topology.cores_per_cluster > 0 {
            let clusters: std::collections::BTreeSet<u16> =
                cores.iter().map(|core| core / topology.cores_per_cluster).collect();
            assert_eq!(clusters.len(), 1, "{name}: {cores:?}");
        }
        let different: std::collections::BTreeSet<&u16> = cores.iter().collect();
        assert_eq!(different.len(), cores.len(), "{name}: {cores:?}");
        assert!(!cores.contains(&0), "{name}: {cores:?}");
        let beside = profile.layout.beside.expect("queries have a core");
        assert!(!cores.contains(&beside) && nodes.contains(&(beside / topology.cores_per_node)), "{name}: {beside}");
        // Threads of one core share it: the kernel numbers the second ones behind all cores of the machine.
        assert!(cores.iter().all(|core| core.abs_diff(beside) < topology.cores_per_node), "{name}: no sibling");
        assert!([1, 2, 4, 8].contains(&profile.layout.cores()), "{name}: a size of layout that is tested");
        assert!(profile.layout.pin && profile.layout.waiting == Waiting::Spin, "{name}");
        assert!(profile.layout.core_of(Stage::Engine).is_some() && profile.layout.fronts() >= 2, "{name}");
    }
}

#[test]
fn limits_fit_the_memory_of_the_node_and_are_of_one_measure() {
    for profile in all() {
        let (name, limits) = (&profile.name, &profile.limits);
        assert!(profile.memory_needed() <= profile.memory.node_bytes, "{name}: {}", profile.memory_needed());
        assert!(limits.log_bytes >= u64::from(limits.frames) * 512, "{name}: 512 bytes a frame");
        assert!(limits.frames >= 2 * limits.local_ids, "{name}: an order and its cancel are two frames");
        assert!(limits.local_ids >= limits.live_orders, "{name}: every resting order has a local id");
        assert!(limits.users >= limits.participants, "{name}: every participant has a user");
    }
}

#[test]
fn promises_say_what_they_are() {
    for profile in all() {
        let promise = &profile.promise;
        assert_eq!(promise.p999_ns_ceiling, P999_NS_CEILING, "{}", profile.name);
        assert_eq!(promise.basis, Basis::Assumed, "{}: no exchange has given its own", profile.name);
        let expected = if profile.name == "dev" { 100_000 } else { 300_000 };
        assert_eq!(promise.production_orders_per_second, expected, "{}", profile.name);
    }
}

#[test]
fn phytium_is_built_without_the_atomics_it_lacks() {
    for profile in servers() {
        let flags = profile.build.rust_flags();
        let phytium = profile.name.starts_with("phytium");
        assert_eq!(flags.contains("-lse"), phytium, "{}: {flags}", profile.name);
        assert!(!phytium || flags.contains("target-cpu=generic"), "{}: {flags}", profile.name);
        let arm = profile.recognise.architecture == Architecture::Aarch64;
        assert_eq!(profile.build.target.starts_with("aarch64"), arm, "{}", profile.name);
        assert_eq!(profile.clock.source, if arm { "arch_sys_counter" } else { "tsc" }, "{}", profile.name);
        // 64 KiB pages bring huge pages of 512 MiB.
        let big = profile.os.iter().any(|os| os.page_kib.contains(&64));
        assert!(!big || profile.memory.huge_page_kib.contains(&524_288), "{}", profile.name);
    }
}

fn x86(vendor: &str, family: u32, model: u32, name: &str) -> String {
    format!(
        "processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: {name}\n\
         stepping\t: 1\nflags\t\t: fpu tsc avx2\n\nprocessor\t: 1\n"
    )
}

fn arm(implementer: &str, part: &str, features: &str) -> String {
    format!(
        "processor\t: 0\nBogoMIPS\t: 100.00\nFeatures\t: {features}\nCPU implementer\t: {implementer}\nCPU architecture: 8\n\
         CPU variant\t: 0x1\nCPU part\t: {part}\nCPU revision\t: 0\n"
    )
}

#[test]
fn processors_are_recognised_by_what_they_say_of_themselves() {
    for (cpuinfo, expected) in [
        (arm("0x48", "0xd01", "fp asimd aes crc32 atomics"), "kunpeng-920"),
        (arm("0x48", "0xd02", "fp asimd aes crc32 atomics sve"), "dev"),
        (arm("0x70", "0x663", "fp asimd aes crc32"), "phytium-s2500"),
        (arm("0x70", "0x662", "fp asimd crc32"), "phytium-ft2000plus"),
        (arm("0x70", "0x862", "fp asimd crc32 atomics"), "dev"),
        (arm("0x41", "0xd0c", "fp asimd crc32 atomics"), "dev"),
        (x86("HygonGenuine", 24, 1, "Hygon C86 7285 32-core Processor"), "hygon-7285"),
        (x86("HygonGenuine", 24, 1, "Hygon C86 7285H 32-core Processor"), "hygon-7285"),
        (x86("HygonGenuine", 24, 2, "Hygon C86 7390 32-core Processor"), "hygon-7390"),
        (x86("HygonGenuine", 24, 2, "Hygon C86 7380 32-core Processor"), "dev"),
        (x86("  Shanghai  ", 7, 91, "ZHAOXIN KaiSheng KH-40000/32@2.2GHz"), "zhaoxin-kh40000"),
        (x86("CentaurHauls", 7, 59, "ZHAOXIN KaiXian KX-U6780A@2.7GHz"), "dev"),
        (x86("GenuineIntel", 6, 106, "Intel(R) Xeon(R) Gold 6346 CPU @ 3.10GHz"), "ice-lake-sp"),
        (x86("GenuineIntel", 6, 143, "Intel(R) Xeon(R) Gold 6444Y"), "sapphire-rapids"),
        (x86("GenuineIntel", 6, 207, "Intel(R) Xeon(R) Processor"), "dev"),
        (x86("AuthenticAMD", 25, 1, "AMD EPYC 7763 64-Core Processor"), "dev"),
        ("processor : 0\nhart : 0\nisa : rv64imafdc\n".to_owned(), "dev"),
        (String::new(), "dev"),
    ] {
        let cpu = Cpu::parse(&cpuinfo);
        let found = detect(&cpu);
        assert_eq!(found.profile, expected, "{cpuinfo}\n{found:?}");
        assert_eq!(found.profile == "dev", found.reason.starts_with("no profile knows"), "{found:?}");
    }
    let cpu = Cpu::parse(&arm("0x48", "0xd01", "fp atomics"));
    assert_eq!(cpu, Cpu::Arm { implementer: 0x48, part: 0xd01, lse: true });
    let Cpu::X86 { hypervisor, .. } = Cpu::parse(&x86("GenuineIntel", 6, 143, "x").replace("avx2", "avx2 hypervisor"))
    else {
        panic!("an x86 processor")
    };
    assert!(hypervisor);
}

/// Loads an edited profile as a site's own.
fn load_edited(text: &str) -> Result<Profile, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ours.toml");
    std::fs::write(&path, text).expect("written");
    Profile::load(path.to_str().expect("UTF-8")).map_err(|fault| fault.to_string())
}

#[test]
fn every_field_that_is_missing_misspelled_or_of_another_kind_is_refused_by_its_name() {
    let text = Profile::source("kunpeng-920").expect("built in");
    assert!(load_edited(text).is_ok());
    let lines: Vec<&str> = text.lines().collect();
    let mut fields = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some((field, _)) = line.split_once(" = ").filter(|(field, _)| !field.starts_with('#')) else { continue };
        fields += 1;
        let with = |changed: &str| {
            let mut lines = lines.clone();
            lines[at] = changed;
            load_edited(&lines.join("\n"))
        };
        let told = |fault: Result<Profile, String>, what: &str| {
            let fault = fault.expect_err(&format!("{field} {what}"));
            assert!(fault.contains("ours.toml") && fault.contains(field), "{field} {what}: {fault}");
            assert_eq!(fault.lines().count(), 1, "{fault}");
        };
        told(with(""), "is missing");
        told(with(&format!("{field}_ = 1")), "is misspelled");
        // Neither a text, a number, a truth nor a list of any.
        told(with(&format!("{field} = 1979-05-27")), "is a date");
    }
    assert!(fields >= 60, "only {fields} fields were tried");
}

#[test]
fn values_that_mean_nothing_are_refused_by_their_field() {
    let text = Profile::source("kunpeng-920").expect("built in");
    for (from, to, words) in [
        ("core = 5\n", "core = 8\n", "layout.thread.core: [4, 8, 6, 7]: expected all in one cluster of 4 cores"),
        ("core = 5\n", "core = 4\n", "layout.thread 2.core = 4: expected a core that no other thread has"),
        ("beside = 1 ", "beside = 6 ", "layout.beside = 6: expected a core that no thread of the order path has"),
        ("beside = 1 ", "beside = 24 ", "layout.beside = 24: expected a core of the node of [4, 5, 6, 7], 24 cores"),
        ("beside = 1 ", "# beside = 1 ", "layout.beside: expected the core of the query thread"),
        ("core = 4\n", "core = 0\n", "layout.thread 1.core = 0: expected another core"),
        ("\"hns3\"", "\"hns4\"", "nic.pmds: hns4: expected some of mlx5"),
        ("source = \"arch_sys_counter\"", "source = \"sundial\"", "clock.source = sundial: expected one of tsc"),
        ("524_288,", "524_287,", "memory.huge_page_kib: 524287: expected a power of two"),
        ("aarch64-unknown", "riscv64-unknown", "build.target = riscv64-unknown-linux-gnu: expected aarch64-"),
        ("implementer = 0x48", "family = 6", "recognise: architecture"),
        ("page_kib = [4, 64]", "page_kib = [16]", "page_kib = [16]: expected 4, 64 or both"),
        ("padding_bytes = 128", "padding_bytes = 32", "topology.padding_bytes = 32: expected 64 to 128"),
        ("frames = 67_108_864", "frames = 4_000_000_000", "limits.frames = 4000000000: expected 1024 to 1073741824"),
        (
            "node_bytes = 60_129_542_144",
            "node_bytes = 8_589_934_592",
            "memory.node_bytes = 8589934592: expected at least",
        ),
        ("p999_ns_aim = 30_000", "p999_ns_aim = 111_000", "promise.p999_ns_aim = 111000: expected 1 to 110000"),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from} is there");
        let fault = load_edited(&edited).expect_err(to);
        assert!(fault.contains(words), "{fault}\nshould say {words}");
    }
}
