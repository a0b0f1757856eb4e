import Foundation
import Testing
import UploadTestSupport

/// `fuploadServer config`: all of it, one key, where each comes from, and no secret.
@Suite(.contract)
struct ConfigCommandTests {
    @Test func eachValueHasItsOrigin() async throws {
        try await TestBed.run(
            "retention=7d", environment: ["FUPLOAD_IO_THREADS": "3"], startsServer: false
        ) { bed in
            let all = try await bed.server.command("config")
            #expect(all.exit == .code(0), "\(all.summary)")
            for line in [
                "retention: 7d  # flag", "ioThreads: 3  # environment, FUPLOAD_IO_THREADS",
                "database: \(bed.server.database)  # file, line 2", "maxConnections: 8192  # default",
            ] {
                #expect(all.lines.contains(line), "\(line) in \(all.text)")
            }
            let checked = try await bed.server.command("--check-config")
            // The same values in the same order.
            func values(_ output: ProgramProcess.Output) -> [String] {
                output.lines.compactMap { $0.components(separatedBy: "  # ").first }.filter { $0.contains(": ") }
            }
            #expect(values(checked) == values(all))

            let json = try await bed.server.command("config", "--json")
            let settings = json.json["settings"].elements
            #expect(settings.count == all.lines.count, "\(json.summary)")
            let threads = settings.first { $0["key"].text == "ioThreads" }
            #expect(threads?["value"].text == "3" && threads?["source"].text == "environment")
            #expect(threads?["place"].text == "FUPLOAD_IO_THREADS")
            for output in [all, json] {
                for secret in [TestBed.token, TestBed.secondToken, TestBed.secret] {
                    #expect(!output.text.contains(secret) && !output.errorText.contains(secret))
                }
            }
        }
    }

    @Test func oneKeyIsItsValueAlone() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let database = try await bed.server.command("config", "database")
            #expect(database.exit == .code(0) && database.lines == [bed.server.database], "\(database.summary)")
            let url = try await bed.server.command("config", "bServer.\(TestBed.secondToken).notifyUrl")
            #expect(url.lines == [bed.receiver.url("/two")], "\(url.summary)")
            let secret = try await bed.server.command("config", "bServer.\(TestBed.token).secret")
            #expect(secret.exit == .code(0) && secret.lines == ["••••"], "\(secret.summary)")
            let json = try await bed.server.command("config", "--json", "server.host")
            #expect(json.json["settings"].elements.map { $0["value"].text } == ["127.0.0.1"], "\(json.summary)")

            let misspelt = try await bed.server.command("config", "databse")
            #expect(misspelt.exit == .code(64), "\(misspelt.summary)")
            #expect(misspelt.errorText.contains("KEY: there is no key like this, did you mean database?"))
            let faulty = try await bed.server.command("config", "--set", "ioThreads=0")
            #expect(faulty.exit == .code(78) && faulty.errorText.contains("ioThreads"), "\(faulty.summary)")
        }
    }
}
