import Synchronization

/// Something that the server told the outside, and that holds from then on.
package struct Promise: Sendable {
    /// What was told.
    package enum Content: Sendable, Equatable {
        /// The task exists.
        case registered
        /// These bytes are held.
        case held(ClosedRange<Int>)
        /// Somebody removed the bytes: no promise, but the end of those about bytes.
        case removed
        /// It is paused.
        case paused
        /// It is not paused any more.
        case resumed
        /// It is cancelled.
        case cancelled
        /// It came to this end; the callback was sent.
        case calledBack(retCode: String)
    }

    /// The task.
    package var task: Int64
    /// What was told of it.
    package var content: Content
    /// Index of the first event that may be a consequence of the request.
    package var asked: Int
    /// Index of the event that was the answer: the promise holds in every state cut after it.
    package var given: Int
}

/// Collects what is told, with the place in the recording.
package final class PromiseLedger: Sendable {
    /// The exchange of one request.
    package struct Exchange: Sendable {
        /// The client's port, one for each request.
        package var port: Int
        /// Bytes of the log when it began.
        package var began: Int
        /// Bytes of the log when the answer was there.
        package var ended: Int
    }

    private let told = Mutex<[(task: Int64, content: Promise.Content, exchange: Exchange)]>([])
    /// By task, the bytes of the log when the removal of its bytes began.
    private let removals = Mutex<[Int64: Int]>([:])

    /// Nothing was told yet.
    package init() {}

    /// Notes what an answer said.
    package func note(_ content: Promise.Content, of task: Int64, in exchange: Exchange) {
        told.withLock { $0.append((task, content, exchange)) }
    }

    /// Notes that the bytes of a task were removed, while no server was running.
    ///
    /// - Parameter began: bytes of the log before.
    package func noteRemoval(of task: Int64, began: Int) {
        removals.withLock { $0[task] = began }
    }

    /// All promises, those in callbacks too, in the order in which they were given.
    ///
    /// - Parameter receiver: the port that callbacks were sent to.
    /// - Throws: ``Recording/Unreadable`` when an answer is not in the recording.
    package func promises(in recording: Recording, receiver: Int) throws -> [Promise] {
        var sent: [Int: [Int]] = [:]
        var promises: [Promise] = []
        for (index, entry) in recording.entries.enumerated() {
            guard case .sent(let port, let bytes) = entry.event else { continue }
            sent[port, default: []].append(index)
            let text = String(decoding: bytes, as: UTF8.self)
            guard port == receiver, let task = text.firstMatch(of: /"taskId":(\d+)/)?.output.1,
                let code = text.firstMatch(of: /"retCode":"(-?\d+)"/)?.output.1, let task = Int64(task)
            else { continue }
            promises.append(
                Promise(task: task, content: .calledBack(retCode: String(code)), asked: index, given: index))
        }
        func first(after began: Int) -> Int {
            recording.entries.firstIndex { $0.end > began } ?? recording.entries.count
        }
        for (task, began) in removals.withLock({ $0 }) {
            let index = first(after: began)
            promises.append(Promise(task: task, content: .removed, asked: index, given: index))
        }
        for (task, content, exchange) in told.withLock({ $0 }) {
            let answers = sent[exchange.port] ?? []
            guard let given = answers.last(where: { recording.entries[$0].end <= exchange.ended }) else {
                throw Recording.Unreadable(description: "an answer to port \(exchange.port) was not recorded")
            }
            let asked = first(after: exchange.began)
            promises.append(Promise(task: task, content: content, asked: asked, given: given))
        }
        return promises.sorted { $0.given < $1.given }
    }
}
