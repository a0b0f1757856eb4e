/// Holds one task's rows and files against each other.
///
/// Beside a running server the task may move on between the look at the rows and the look at the files. So the rows are
/// looked at once more after the files, and what was found counts only where they still say the same.
struct TaskExamination {
    /// A task moves on a few times in its life; one that is seen to move this often is left to the next check-up.
    private static let looks = 8
    private static let page = 500

    let database: any DatabaseAudit
    let files: any FilesAudit
    /// Whether the staging folder is there; without it every byte would seem to be lost.
    let hasStagingFolder: Bool

    /// What is wrong; counts what was looked at.
    func run(_ first: TaskFacts, _ checkup: inout Checkup) async throws -> [Suspicion] {
        var facts = first
        for _ in 0..<Self.looks {
            var counts = checkup
            let ofFiles = try await fileSuspicions(facts, &counts)
            // A note accuses nobody. Finished files that their receivers took away may be very many.
            if facts.suspicions.isEmpty, ofFiles.allSatisfy({ $0.finding.severity == .note }) {
                checkup = counts
                return ofFiles
            }
            guard let again = try await database.task(facts.id) else { return [] }
            if again.footing == facts.footing {
                checkup = counts
                return again.suspicions + ofFiles
            }
            facts = again
        }
        return [facts.note(.state, "changes all the time, it could not be looked at")]
    }

    private func fileSuspicions(_ facts: TaskFacts, _ checkup: inout Checkup) async throws -> [Suspicion] {
        switch facts.state {
        case .receiving, .paused, .verifying, .publishing: try await stagedSuspicions(facts, &checkup)
        case .finished: try await finishedSuspicions(facts, &checkup) + leftoverSuspicions(facts)
        case .failed: try await leftoverSuspicions(facts)
        case .cancelled, .timedOut: []
        }
    }

    // MARK: Open tasks

    private func stagedSuspicions(_ facts: TaskFacts, _ checkup: inout Checkup) async throws -> [Suspicion] {
        guard hasStagingFolder else { return [] }
        let size = try await files.stagedSize(of: facts.id)
        // Once it is published, its staging file may be missing: finishing looks at the target then.
        if facts.state == .publishing, size != facts.fileSize,
            case .digest(let digest) = try await files.look(atPublished: facts.task.targetPath),
            digest == FileDigest(md5: facts.task.registration.fileMD5, size: facts.fileSize)
        {
            return []
        }
        var found = try await blockSuspicions(facts, isStaged: size != nil, &checkup)
        if let size, size > facts.fileSize {
            let text = "its staging file has \(size) bytes, \(size - facts.fileSize) more than the file"
            found.append(facts.problem(.staging, text, .cutStaged(facts.id, to: facts.fileSize)))
        }
        return found
    }

    private func blockSuspicions(
        _ facts: TaskFacts, isStaged: Bool, _ checkup: inout Checkup
    ) async throws -> [Suspicion] {
        var lost: [Block] = []
        var unreadable: (block: Block, reason: String)?
        var last: Int64?
        while true {
            let rows = try await database.blocks(of: facts.id, after: last, limit: Self.page)
            guard let end = rows.last else { break }
            last = end.range.start
            for (row, found) in zip(rows, try await files.look(at: rows.map(\.range), stagedFor: facts.id)) {
                checkup.blocks += 1
                switch found {
                case .digest(let md5):
                    checkup.hashedBytes += row.range.count
                    if md5 != row.md5 { lost.append(row) }
                case .missing: lost.append(row)
                case .unreadable(let reason): unreadable = unreadable ?? (row, reason)
                }
            }
        }
        // A row is a fact: where it stands after the look as it stood before, it stood all the time.
        lost = try await database.stillHeld(lost, of: facts.id)
        var found: [Suspicion] = []
        if !lost.isEmpty {
            let text = isStaged ? "its staging file lacks" : "its staging file is gone, and with it"
            found.append(
                facts.problem(
                    .blocks, "\(text) \(Self.list(lost)), which were acknowledged",
                    .correctRows(facts.id, lost: lost.map(\.range.start))))
        }
        if let unreadable, try await !database.stillHeld([unreadable.block], of: facts.id).isEmpty {
            let text = "bytes \(unreadable.block.range) of its staging file can't be read: \(unreadable.reason)"
            found.append(facts.problem(.blocks, text))
        }
        return found
    }

    private static func list(_ blocks: [Block]) -> String {
        let ranges = RangeSet(blocks.map(\.range))
        let shown = ranges.ranges.prefix(5).map(\.description).joined(separator: ", ")
        let more = ranges.ranges.count > 5 ? " and \(ranges.ranges.count - 5) ranges more" : ""
        return "bytes \(shown)\(more) (\(ranges.count) bytes in \(blocks.count) blocks)"
    }

    // MARK: Closed tasks

    private func finishedSuspicions(_ facts: TaskFacts, _ checkup: inout Checkup) async throws -> [Suspicion] {
        let what: String
        switch try await files.look(atPublished: facts.task.targetPath) {
        case .digest(let digest):
            checkup.hashedBytes += digest.size
            if digest == FileDigest(md5: facts.task.registration.fileMD5, size: facts.fileSize) {
                checkup.finishedFiles += 1
                return []
            }
            what = "is not the one that was finished (\(digest.size) bytes, MD5 \(digest.md5))"
        case .missing: what = "is not there"
        case .unreadable(let reason): what = "can't be read: \(reason)"
        }
        let file = "\(facts.task.targetPath) \(what)"
        switch facts.callbacks.first?.state {
        case .delivered:
            return [facts.note(.finished, "\(file); its callback was delivered, it was the receiver's")]
        case .dead:
            return [facts.note(.finished, "\(file); its callback was given up")]
        case .sending where files.isServerRunning():
            return [facts.note(.finished, "\(file); its callback is being delivered")]
        case .pending, .sending, nil:
            if try await database.isReplaced(facts) {
                return [facts.note(.finished, "\(file): another task has the same target")]
            }
            let advice = "put it back from a copy, or have it uploaded once more under a new task"
            return [facts.problem(.finished, "\(file), and its callback is not delivered yet: \(advice)")]
        }
    }

    private func leftoverSuspicions(_ facts: TaskFacts) async throws -> [Suspicion] {
        let path = facts.task.targetPath
        guard try await files.hasLeftover(of: facts.id, beside: path) else { return [] }
        let text = "publishing left .fupload-\(facts.id).part beside \(path)"
        return [facts.problem(.leftovers, text, .removeLeftover(facts.id, beside: path))]
    }
}
