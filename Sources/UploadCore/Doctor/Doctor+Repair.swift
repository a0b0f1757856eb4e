extension Doctor {
    /// What a repair works with.
    public struct Means: Sendable {
        /// The rows.
        public var database: any DatabaseRepair
        /// The files.
        public var files: any FilesRepair
        /// Where callbacks go.
        public var directory: any BusinessServerDirectory

        /// Memberwise.
        public init(database: any DatabaseRepair, files: any FilesRepair, directory: any BusinessServerDirectory) {
            self.database = database
            self.files = files
            self.directory = directory
        }
    }

    /// Puts right what can be put right, then checks. Only while no server works on the installation.
    ///
    /// May be cut off at any moment and repeated.
    /// - Returns: what the check counted, and how much was repaired before it.
    public func repair(with means: Means, _ report: (Finding) -> Void) async throws -> Checkup {
        let treatment = try await survey { suspicion, checkup in
            guard let remedy = suspicion.remedy else { return }
            let finding = suspicion.finding
            do {
                guard let done = try await means.apply(remedy) else { return }
                let repaired = Finding(.repaired, finding.check, task: finding.task, "\(finding.text): \(done)")
                checkup.count(repaired)
                report(repaired)
            } catch {
                // The check below says again what is wrong; this says why that was left.
                report(Finding(.note, finding.check, task: finding.task, "\(finding.text): not repaired: \(error)"))
            }
        }
        var checkup = try await check(report)
        checkup.repaired = treatment.repaired
        return checkup
    }
}

extension Doctor.Means {
    /// - Returns: what was done; `nil` when there was nothing to do any more.
    fileprivate func apply(_ remedy: Remedy) async throws -> String? {
        switch remedy {
        case .restoreSchema(let fault): return try await database.restore(fault)
        case .removeStrayRows(let table): return try await database.removeStrayRows(of: table)
        case .recountTotals: return try await database.recountTotals()
        case .correctRows(let id, let lost): return try await database.correctRows(of: id, lost: lost)
        case .enqueueCallback(let facts): return try await enqueueCallback(facts)
        case .removeCallback(let id): return try await database.removeCallback(of: id)
        case .correctAttempts(let id): return try await database.correctAttempts(of: id)
        case .sendAgain(let id): return try await database.sendAgain(id)
        case .releaseCallback(let id): return try await database.releaseCallback(of: id)
        case .writeEvent(let id): return try await database.writeEvent(of: id)
        case .removeStaged(let name):
            try await files.removeStaged(name)
            return "removed"
        case .cutStaged(let id, let size):
            try await files.cutStaged(id, to: size)
            return "cut to \(size) bytes"
        case .removeLeftover(let id, let path):
            try await files.removeLeftover(of: id, beside: path)
            return "removed"
        }
    }

    private func enqueueCallback(_ facts: TaskFacts) async throws -> String? {
        guard let code = facts.callbackCode else { return nil }
        let destination = directory.destination(of: facts.task.registration.businessServer) ?? ""
        let draft = CallbackDraft(code, status: facts.task.reason, destination: destination)
        return try await database.enqueue(draft, for: facts.id)
    }
}
