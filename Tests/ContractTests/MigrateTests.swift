import Foundation
import Testing
import UploadTestSupport

/// `fuploadServer migrate`, with and without `--status`.
@Suite(.contract)
struct MigrateTests {
    @Test func besideAServerItOnlyLooks() async throws {
        try await Patient.run { patient in
            let server = patient.server
            let known = try await server.sqlite("SELECT identifier FROM grdb_migrations ORDER BY identifier")
            let identifiers = known.split(separator: "\n").map(String.init)
            let status = try await server.command("migrate", "--status")
            #expect(status.exit == .code(0), "\(status.summary)")
            let expected = identifiers.map { "applied \($0)" } + ["schema: \(identifiers.last ?? ""), up to date"]
            #expect(status.lines == expected, "\(status.summary)")
            let applying = try await server.command("migrate")
            #expect(applying.exit == .code(2), "\(applying.summary)")
            #expect(applying.errorText.contains("is in use by process"), "\(applying.summary)")

            try await server.terminate()
            let before = try patient.databaseBytes()
            let json = try await server.command("migrate", "--json")
            #expect(json.exit == .code(0), "\(json.summary)")
            #expect(json.json["applied"].elements.compactMap(\.text) == identifiers, "\(json.summary)")
            #expect(json.json["pending"].elements == [] && json.json["migrated"].elements == [])
            #expect(json.json["version"].text == identifiers.last)
            #expect(try patient.databaseBytes() == before)
        }
    }

    @Test func whatIsPendingIsAppliedAheadOfTheStart() async throws {
        try await Patient.run { patient in
            let server = patient.server
            try await server.terminate()
            let newest = try await server.forgetNewestMigration()
            let before = try patient.databaseBytes()
            let status = try await server.command("migrate", "--status")
            #expect(status.exit == .code(1), "\(status.summary)")
            #expect(status.lines.suffix(2).first == "pending \(newest)", "\(status.summary)")
            #expect(try patient.databaseBytes() == before)
            // A backup of an older schema is one all the same.
            let copy = patient.bed.folder + "/older.sqlite"
            let made = try await server.command("backup", "--json", copy)
            #expect(made.exit == .code(0), "\(made.summary)")
            #expect(made.json["holds"]["pendingMigrations"].elements.compactMap(\.text) == [newest])

            let applied = try await server.command("migrate")
            #expect(applied.exit == .code(0), "\(applied.summary)")
            #expect(applied.lines.contains("applied now \(newest)"), "\(applied.summary)")
            #expect(try await server.command("migrate", "--status").exit == .code(0))
            #expect(try await server.doctor().exit == .code(0))

            let restored = try await server.command("restore", copy)
            #expect(restored.exit == .code(0), "\(restored.summary)")
            #expect(restored.lines.contains("next: fuploadServer migrate -c \(server.configuration)"))
            try await patient.finishUpload(missing: [100_000...199_999])
        }
    }

    @Test func whatCanNotBeLookedAtIsSaid() async throws {
        try await TestBed.run { bed in
            try await bed.server.terminate()
            func expect(_ words: String) async throws {
                for arguments in [["--status"], []] {
                    let text = try await bed.server.command("migrate", arguments)
                    #expect(text.exit == .code(2) && text.errorText.contains(words), "\(text.summary)")
                    let json = try await bed.server.command("migrate", arguments + ["--json"])
                    let error = json.json["error"].text ?? ""
                    #expect(json.exit == .code(2) && error.contains(words), "\(json.summary)")
                }
            }
            try await bed.server.sqlite("INSERT INTO grdb_migrations VALUES ('9999_from_the_future')")
            try await expect("has a newer schema than this program knows (9999_from_the_future)")
            try await bed.server.sqlite("DROP TABLE grdb_migrations")
            try await expect("is no database of fuploadServer")
            try FileManager.default.removeItem(atPath: bed.server.database)
            try await expect("there is no database at")
            #expect(!FileManager.default.fileExists(atPath: bed.server.database))
        }
    }
}
