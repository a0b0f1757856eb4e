import Testing
import UploadTestSupport

private let file = TestFile(size: 1000, seed: 1)

/// The page for Prometheus.
@Suite(.contract)
struct MetricsTests {
    @Test func aLifeInFigures() async throws {
        try await TestBed.run { bed in
            let admin = try await bed.server.adminBase()
            bed.receiver.plan([.status(500), .status(200), .status(410)], for: "/one")
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            try await upload.send(0...99, of: file)
            let wrong = Form(block: 100...199, file[100...199], md5: TestFile.md5([]))
            #expect(try await HTTP.postForm(upload.uploadURL, wrong).retCode == "7")
            #expect(try await HTTP.get(bed.server.base + "/api/x").status == 404)
            let paused = try await bed.server.register(NewTask(file, name: "paused"))
            try await paused.change(to: "pause")
            try await upload.sendAll(file, blockSize: 500)
            _ = try await bed.receiver.callback(for: upload.id, 2)
            let cancelled = try await bed.server.register(NewTask(file, name: "cancelled"))
            try await cancelled.change(to: "cancel")
            let page = try await eventually("all of it to be counted") {
                let page = try await MetricsPage(HTTP.get(admin + "/metrics").text)
                // An attempt is counted after its row is there.
                let attempts = page[#"fupload_callback_seconds_count{business_server="one"}"#]
                return attempts == 3 && page["fupload_dead_callbacks"] == 1 ? page : nil
            }
            for (name, value) in [
                (#"fupload_requests_total{ret_code="0",route="/api/upload/new/task"}"#, 3.0),
                (#"fupload_requests_total{ret_code="0",route="/api/upload/files/block"}"#, 4),
                (#"fupload_requests_total{ret_code="7",route="/api/upload/files/block"}"#, 1),
                (#"fupload_requests_total{ret_code="6",route="none"}"#, 1),
                (#"fupload_request_seconds_count{route="/api/upload/files/state"}"#, 2),
                ("fupload_registrations_total", 3), ("fupload_blocks_total", 3), ("fupload_block_bytes_total", 1000),
                (#"fupload_closed_tasks_total{state="finished"}"#, 1),
                (#"fupload_closed_tasks_total{state="cancelled"}"#, 1),
                (#"fupload_closed_tasks_total{state="failed"}"#, 0),
                (#"fupload_open_tasks{state="paused"}"#, 1), (#"fupload_open_tasks{state="receiving"}"#, 0),
                ("fupload_promised_bytes", 1000), ("fupload_missing_bytes", 1000),
                ("fupload_verify_seconds_count", 1), ("fupload_publish_seconds_count", 1),
                ("fupload_block_sync_seconds_count", 3), ("fupload_oldest_callback_seconds", 0),
                ("fupload_waiting_callbacks", 0),
                (#"fupload_callback_attempts_total{business_server="one",outcome="failed"}"#, 1),
                (#"fupload_callback_attempts_total{business_server="one",outcome="delivered"}"#, 1),
                (#"fupload_callback_attempts_total{business_server="one",outcome="dead"}"#, 1),
                (#"fupload_callback_seconds_count{business_server="one"}"#, 3), ("fupload_ready", 1),
            ] { #expect(page[name] == value, "\(name) is \(page[name].map { "\($0)" } ?? "not there")") }
            for name in [
                "fupload_commit_changes_count", "fupload_commit_seconds_count", #"fupload_free_bytes{disk="tmpDir"}"#,
                "fupload_database_bytes", "process_start_time_seconds", "process_cpu_seconds_total",
                "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
            ] { #expect(page[name] ?? 0 > 0, "\(name) is \(page[name].map { "\($0)" } ?? "not there")") }
            #expect(page.names.contains("fupload_wal_bytes"))
            #expect(page.undescribed == [])
        }
    }

    /// As Prometheus' own tool reads it.
    @Test func promtoolHasNoComplaint() async throws {
        try await TestBed.run { bed in
            let admin = try await bed.server.adminBase()
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id)
            let page = try await HTTP.get(admin + "/metrics")
            #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let check = try ProgramProcess(ProgramProcess.path(ofProduct: "promtool"), ["check", "metrics"])
            check.send(page.text)
            check.closeInput()
            #expect(try await check.waitForExit() == .code(0))
            #expect(check.output.value.text + check.output.value.errorText == "")
        }
    }

    /// Each alert fires in its trouble, and none in a healthy hour.
    @Test func alertsFireWhenTheyShould() async throws {
        for arguments in [
            ["check", "rules", Page.path("conf/prometheus-alerts.yml")],
            ["test", "rules", Page.path("Tests/Prometheus/alerts.test.yml")],
        ] {
            let check = try ProgramProcess(ProgramProcess.path(ofProduct: "promtool"), arguments)
            let exit = try await check.waitForExit()
            #expect(exit == .code(0), "\(check.output.value.text)\(check.output.value.errorText)")
        }
    }

    /// What dashboard and alerts ask for is on the page.
    @Test(arguments: ["conf/grafana-dashboard.json", "conf/prometheus-alerts.yml"])
    func whatIsAskedForIsThere(file: String) throws {
        let text = try Page.text(of: file)
        if file.hasSuffix(".json") { _ = try JSONTree(Array(text.utf8)) }
        let catalogue = try Page.text(of: "Sources/UploadServer/Composition/MetricCatalogue.swift")
        let asked = Set(text.matches(of: /\b(fupload|process)_[a-z_]+\b/).map { String($0.output.0) })
        #expect(asked.count > 10)
        for name in asked {
            let families = ["", "_bucket", "_sum", "_count"].filter { name.hasSuffix($0) }.map {
                name.dropLast($0.count)
            }
            #expect(
                families.contains { catalogue.contains("(\"\($0)\"") || catalogue.contains("\"\($0)\",") }, "\(name)")
        }
    }

    /// Whoever asks for paths at random fills no memory and no page.
    @Test func strangersMakeNoSeries() async throws {
        try await TestBed.run { bed in
            let admin = try await bed.server.adminBase()
            for number in 0..<50 { _ = try await HTTP.get(bed.server.base + "/\(number)") }
            let page = try await MetricsPage(HTTP.get(admin + "/metrics").text)
            #expect(page[#"fupload_requests_total{ret_code="6",route="none"}"#] == 50)
            #expect(page.names.count { $0.hasPrefix("fupload_requests_total") && $0.contains("none") } == 1)
        }
    }
}

/// A page in Prometheus' text format.
private struct MetricsPage {
    private var values: [String: Double] = [:]
    private var described: Set<String> = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP ") {
                described.insert(String(words[2]))
            } else if !line.hasPrefix("#"), let value = words.last.flatMap({ Double($0) }) {
                values[words.dropLast().joined(separator: " ")] = value
            }
        }
    }

    var names: [String] { values.keys.sorted() }

    /// Names that nobody says the meaning of.
    var undescribed: [String] {
        names.filter { name in
            let family = String(name.prefix { $0 != "{" })
            let bases = ["", "_bucket", "_sum", "_count"].filter { family.hasSuffix($0) }.map {
                family.dropLast($0.count)
            }
            return !bases.contains { described.contains(String($0)) }
        }
    }

    subscript(name: String) -> Double? { values[name] }
}
