/// What has to hold between the rows of a task. They change together, so one snapshot is enough to judge them.
extension TaskFacts {
    /// What does not hold.
    var suspicions: [Suspicion] {
        rangeSuspicions + callbackSuspicions + eventSuspicions
    }

    func problem(_ check: Finding.Check, _ text: String, _ remedy: Remedy? = nil) -> Suspicion {
        Suspicion(Finding(.problem, check, task: id, text), remedy: remedy)
    }

    func note(_ check: Finding.Check, _ text: String, _ remedy: Remedy? = nil) -> Suspicion {
        Suspicion(Finding(.note, check, task: id, text), remedy: remedy)
    }

    private var rangeSuspicions: [Suspicion] {
        // Nobody reads the rows of a closed task any more, and the schema refuses to change some of them.
        let remedy = state.isClosed ? nil : Remedy.correctRows(id, lost: [])
        var found: [Suspicion] = []
        if rows.overlapping > 0 {
            found.append(problem(.ranges, "\(rows.overlapping) block rows overlap an earlier one", remedy))
        }
        if rows.outside > 0 {
            found.append(problem(.ranges, "\(rows.outside) block rows end outside of the file", remedy))
        }
        // What such rows add up to says nothing.
        guard found.isEmpty else { return found }
        if task.receivedBytes != rows.bytes {
            let text = "received_bytes is \(task.receivedBytes), the block rows have \(rows.bytes) bytes"
            found.append(problem(.counters, text, remedy))
        }
        if heldEnd != rows.end {
            found.append(problem(.counters, "held_end is \(heldEnd), the block rows end at \(rows.end)", remedy))
        }
        if state.isComplete, rows.bytes != fileSize {
            let text = "is \(state.rawValue), yet its block rows have \(rows.bytes) of \(fileSize) bytes"
            found.append(problem(.state, text, remedy))
        }
        if takesBlocks, rows.bytes == fileSize {
            found.append(problem(.state, "has all its bytes, yet is \(state.rawValue)", remedy))
        }
        return found
    }

    private var callbackSuspicions: [Suspicion] {
        guard let callback = callbacks.first else {
            guard state.isClosed else { return [] }
            return [problem(.callbacks, "is \(state.rawValue) and has no callback", .enqueueCallback(self))]
        }
        guard state.isClosed else {
            return [problem(.callbacks, "is \(state.rawValue) and has a callback", .removeCallback(id))]
        }
        var found: [Suspicion] = []
        if callbacks.count > 1 {
            found.append(problem(.callbacks, "has \(callbacks.count) callbacks"))
        }
        if callback.lastAttempt > callback.attempts {
            let text = "its callback counts \(callback.attempts) attempts, number \(callback.lastAttempt) was made"
            found.append(problem(.attempts, text, .correctAttempts(id)))
        }
        if callback.state == .delivered, !callback.wasAccepted {
            let text = "its callback is said to be delivered, yet no attempt was answered with a 2xx"
            found.append(problem(.attempts, text, .sendAgain(id)))
        }
        return found
    }

    private var eventSuspicions: [Suspicion] {
        let expected = state.isClosed ? [state.rawValue] : []
        if ends == expected { return [] }
        if ends.isEmpty {
            return [problem(.events, "is \(state.rawValue) and has no event of that", .writeEvent(id))]
        }
        return [problem(.events, "is \(state.rawValue), yet its events tell of \(ends.joined(separator: ", "))")]
    }
}
