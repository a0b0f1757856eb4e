import Foundation

/// The end of a soak: every task and every file is held against what it has to be.
struct SoakAccount {
    private static let states = ["0": "finished", "-1": "timedOut", "-2": "failed", "-3": "cancelled", "-4": "failed"]

    private let world: SoakWorld
    private let entries: [Int64: SoakLedger.Entry]
    private let delivered: [Int64: SoakLedger.Delivered]
    /// Of each task in the database, its state and the number of the event that closed it.
    private var rows: [Int64: (state: String, closing: Int, size: Int)] = [:]

    /// - Parameter world: nothing happens in it any more.
    init(_ world: SoakWorld) async throws {
        (self.world, entries, delivered) = (world, world.ledger.entries, world.ledger.delivered)
        let text = try await world.server.sqlite(
            "SELECT id, state, (SELECT max(id) FROM events WHERE task_id = tasks.id), file_size FROM tasks")
        for line in text.split(separator: "\n") {
            let columns = line.split(separator: "|")
            guard columns.count == 4, let id = Int64(columns[0]), let closing = Int(columns[2]),
                let size = Int(columns[3])
            else { throw SoakWorld.Unexpected(description: "a row that can't be read: \(line)") }
            rows[id] = (String(columns[1]), closing, size)
        }
    }

    /// How many tasks were closed with each `retCode`.
    var outcomes: [String: Int] {
        delivered.values.reduce(into: [:]) { outcomes, delivered in
            for code in delivered.retCodes { outcomes[code ?? "none", default: 0] += 1 }
        }
    }

    /// What is not as it has to be.
    func problems() async throws -> [String] {
        var problems = entries.sorted { $0.key < $1.key }.flatMap { self.problems(of: $0.key, $0.value) }
        problems += strangers()
        problems += files()
        let server = world.server
        for (what, sql, expected) in [
            ("integrity", "PRAGMA integrity_check", "ok"), ("foreign keys", "PRAGMA foreign_key_check", ""),
            ("undelivered callbacks", "SELECT count(*) FROM callbacks WHERE state <> 'delivered'", "0"),
            (
                "tasks without a callback",
                "SELECT count(*) FROM tasks WHERE NOT EXISTS (SELECT 1 FROM callbacks WHERE task_id = tasks.id)", "0"
            ),
            ("what open tasks add up to", "SELECT sum(open_tasks + file_bytes + missing_bytes) FROM open_totals", "0"),
        ] {
            let found = try await server.sqlite(sql)
            if found != expected { problems.append("\(what): \(found)") }
        }
        problems += server.stagingFiles().map { "\($0) is left" }
        return problems
    }

    private func problems(of id: Int64, _ entry: SoakLedger.Entry) -> [String] {
        let name = "task \(id) (\(entry.behaviour), \(entry.place))"
        guard let delivered = delivered[id], let last = delivered.last else { return ["\(name) has no callback"] }
        var problems: [String] = []
        if delivered.webhookIDs != ["task_\(id)"] {
            problems.append("\(name): webhook-ids \(delivered.webhookIDs)")
        }
        if delivered.bodies.count != 1 { problems.append("\(name): \(delivered.bodies.count) different callbacks") }
        let (json, code) = (last.json, last.retCode ?? "none")
        if !entry.outcomes.contains(code) { problems.append("\(name) must not end so: \(last.text)") }
        let state = rows[id]?.state
        if state != Self.states[code] { problems.append("\(name): \(code), yet \(state ?? "gone")") }
        let place = "\(json["storePath"].text ?? "")/\(json["fileName"].text ?? "")"
        if place != entry.place || json["fileSize"].integer != Int64(entry.size) {
            problems.append("\(name): the callback tells of another file: \(last.text)")
        }
        if code == "0", !last.text.contains("\"data\":\(entry.feedback)") {
            problems.append("\(name): the callback has not what was handed over: \(last.text)")
        }
        return problems
    }

    /// Tasks of which no answer told: it was lost in a crash, and when the registration was repeated they were closed.
    private func strangers() -> [String] {
        let unseen = Set(rows.keys).union(delivered.keys).subtracting(entries.keys)
        return unseen.sorted().compactMap { id in
            guard let row = rows[id], let code = delivered[id]?.last?.retCode else {
                return "task \(id), of which no answer told, has no \(rows[id] == nil ? "row" : "callback")"
            }
            if row.state == "timedOut", code == "-1" { return nil }
            if row.state == "finished", code == "0", row.size == 0 { return nil }
            return "task \(id), of which no answer told, became \(row.state)"
        }
    }

    /// What is in the store is what finished, and of several in one place the one that finished last.
    private func files() -> [String] {
        let store = world.server.storeDirectory
        var expected: [String: (md5: String, closing: Int)] = [:]
        for (id, entry) in entries where rows[id]?.state == "finished" {
            let closing = rows[id]?.closing ?? 0
            if let other = expected[entry.place], other.closing > closing { continue }
            expected[entry.place] = (entry.md5, closing)
        }
        var problems: [String] = []
        for case let name as String in FileManager.default.enumerator(atPath: store) ?? .init() {
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: store + "/" + name, isDirectory: &isFolder)
            if exists, isFolder.boolValue { continue }
            guard let md5 = expected.removeValue(forKey: name)?.md5 else {
                problems.append("\(name) is in the store, and nothing finished there")
                continue
            }
            if world.server.stored(name).map({ TestFile.md5($0) }) != md5 { problems.append("\(name) is not whole") }
        }
        return problems + expected.keys.map { "\($0) finished and is not in the store" }
    }
}
