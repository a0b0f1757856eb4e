/// Holds an installation against what is promised of it: `fuploadServer doctor`.
///
/// A check changes nothing, and may run beside a busy server: what it reports has been looked at twice. It reads task by
/// task in short snapshots, so its memory does not grow with the database.
public struct Doctor: Sendable {
    static let page = 50

    let database: any DatabaseAudit
    let files: any FilesAudit
    let clock: any ServiceClock

    /// A doctor for one installation.
    public init(database: any DatabaseAudit, files: any FilesAudit, clock: any ServiceClock) {
        self.database = database
        self.files = files
        self.clock = clock
    }

    /// Looks at everything.
    ///
    /// - Parameter report: is told each finding as it is made.
    /// - Returns: what was counted.
    /// - Throws: ``AuditError/unavailable(_:)``. A damaged database is a finding.
    public func check(_ report: (Finding) -> Void) async throws -> Checkup {
        try await survey { suspicion, checkup in
            checkup.count(suspicion.finding)
            report(suspicion.finding)
        }
    }

    /// Visits each suspicion once it has been confirmed.
    func survey(_ visit: (Suspicion, inout Checkup) async throws -> Void) async throws -> Checkup {
        var checkup = Checkup()
        do {
            for suspicion in try await generalSuspicions() { try await visit(suspicion, &checkup) }
            try await surveyTasks(&checkup, visit)
            for suspicion in try await strayFiles() { try await visit(suspicion, &checkup) }
        } catch AuditError.damaged(let words) {
            // What such a file says about tasks is not worth hearing.
            try await visit(Suspicion(Self.damage(words)), &checkup)
        }
        return checkup
    }

    /// The finding about a database file that is damaged, with what to do.
    public static func damage(_ words: String) -> Finding {
        Finding(
            .problem, .integrity,
            "the database file is damaged: \(words). Stop the server; put <database>, <database>-wal and <database>-shm "
                + "away as they are; restore the newest backup (fuploadServer restore FILE); or save "
                + "what can be read: sqlite3 <damaged> .recover | sqlite3 <database> (.dump where the shell has no "
                + ".recover, as Debian 12's); then: fuploadServer doctor --repair")
    }

    // MARK: The database

    private func generalSuspicions() async throws -> [Suspicion] {
        let faults = try await database.integrityFaults()
        guard faults.isEmpty else { throw AuditError.damaged(faults.joined(separator: "; ")) }
        var found: [Suspicion] = []
        for fault in try await database.schemaFaults() {
            let text = "the \(fault.kind) \(fault.name) \(fault.isMissing ? "is missing" : "is not as it should be")"
            let finding = Finding(.problem, .schema, text)
            found.append(Suspicion(finding, remedy: fault.kind == "table" ? nil : .restoreSchema(fault)))
        }
        for stray in try await database.strayRows() {
            let text = "\(stray.count) rows of \(stray.table) belong to a task or callback that is not there"
            found.append(
                stray.isUndelivered
                    ? Suspicion(Finding(.note, .strays, "\(text); the server delivers them all the same"))
                    : Suspicion(Finding(.problem, .strays, text), remedy: .removeStrayRows(stray.table)))
        }
        let wrong = try await database.wrongTotals()
        if !wrong.isEmpty {
            let text = "open_totals is not what the open tasks of \(wrong.joined(separator: ", ")) add up to"
            found.append(Suspicion(Finding(.problem, .totals, text), remedy: .recountTotals))
        }
        if let fault = try await keyFault() { found.append(Suspicion(Finding(.problem, .key, fault))) }
        return found
    }

    private func keyFault() async throws -> String? {
        let before = try await database.openKeyGenerations()
        switch try await files.secrets() {
        case .unusable(let fault): return fault
        case .generations(let known):
            guard !before.isSubset(of: known) else { return nil }
            // A secret is in the file before the first of its tasks is registered, and until the last has closed: what was
            // needed before the file was read and still is had to be in it.
            let lost = try await database.openKeyGenerations().intersection(before).subtracting(known)
            guard !lost.isEmpty else { return nil }
            let numbers = lost.sorted().map { "\($0)" }.joined(separator: ", ")
            return "the secret file has none of generation \(numbers), which open tasks have their keys from, so that "
                + "their URLs are dead: restore <database>.key from the backup, or have these tasks registered again"
        }
    }

    // MARK: Tasks

    private func surveyTasks(
        _ checkup: inout Checkup, _ visit: (Suspicion, inout Checkup) async throws -> Void
    ) async throws {
        let examination = TaskExamination(
            database: database, files: files, hasStagingFolder: try await files.hasStagingFolder())
        var (last, toldOfFolder) = (TaskID?.none, examination.hasStagingFolder)
        while true {
            let page = try await database.tasks(after: last, limit: Self.page)
            guard let end = page.last else { return }
            last = end.id
            for facts in page {
                checkup.tasks += 1
                if !facts.state.isClosed { checkup.openTasks += 1 }
                for suspicion in try await examination.run(facts, &checkup) { try await visit(suspicion, &checkup) }
                if facts.rows.count > 0, !facts.state.isClosed, !toldOfFolder {
                    toldOfFolder = true
                    try await visit(missingFolder, &checkup)
                }
                try await unclaim(facts, &checkup, visit)
            }
        }
    }

    /// Without the folder nothing in it is judged: a volume that is not mounted is no reason to forget what it holds.
    private var missingFolder: Suspicion {
        Suspicion(
            Finding(
                .problem, .staging,
                "the staging folder is not there, and open tasks hold bytes in it: mount its volume; or, where it is "
                    + "gone for good: mkdir -p \(files.stagingFolder), then: fuploadServer doctor --repair"))
    }

    /// A claim of a server that died is taken back at the next start, or by a repair.
    private func unclaim(
        _ facts: TaskFacts, _ checkup: inout Checkup, _ visit: (Suspicion, inout Checkup) async throws -> Void
    ) async throws {
        guard facts.callbacks.first?.state == .sending, !files.isServerRunning() else { return }
        let text = "its callback was being sent when the server died; the next start sends it again"
        try await visit(facts.note(.callbacks, text, .releaseCallback(facts.id)), &checkup)
    }

    // MARK: The staging folder

    private func strayFiles() async throws -> [Suspicion] {
        var found: [Suspicion] = []
        // A file is made after its task's row, so the rows are read after the names.
        for name in try await files.stagingNames() {
            if let suspicion = try await suspicion(name) { found.append(suspicion) }
        }
        return found
    }

    private func suspicion(_ staged: StagingName) async throws -> Suspicion? {
        switch staged {
        case .task(let id, let name):
            let facts = try await database.task(id)
            guard facts.map({ $0.state.isClosed }) ?? true, try await files.isStaged(name) else { return nil }
            let remedy = Remedy.removeStaged(name: name)
            guard let facts else {
                let text = "\(name) lies in the staging folder, and there is no such task"
                return Suspicion(Finding(.problem, .orphans, task: id, text), remedy: remedy)
            }
            // It goes right after the COMMIT that closed the task.
            if files.isServerRunning(), let closedAt = facts.closedAt, clock.now.since(closedAt) < .seconds(60) {
                return nil
            }
            return facts.note(.orphans, "its staging file is still there; the next start removes it", remedy)
        case .spool(let name):
            guard try await files.isStaged(name) else { return nil }
            let text = "\(name) lies in the staging folder, left by a server that died"
            return Suspicion(Finding(.note, .orphans, text), remedy: .removeStaged(name: name))
        case .unknown(let name):
            guard try await files.isStaged(name) else { return nil }
            return Suspicion(Finding(.note, .orphans, "\(name) lies in the staging folder; it is not the server's"))
        }
    }
}
