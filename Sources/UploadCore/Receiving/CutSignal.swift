import Synchronization

/// Ends a request's receiving from outside: a newer request took over, the task closed, the server goes down.
///
/// Made before the body is read, waited for beside it, fired at most once; the first error wins.
final class CutSignal: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Void, any Error>)
        case fired(any Error)
    }

    private let state = Mutex(State.idle)

    /// Makes the waiter throw `error`, now or when it comes.
    func fire(_ error: any Error) {
        let waiter: CheckedContinuation<Void, any Error>? = state.withLock { state in
            switch state {
            case .idle:
                state = .fired(error)
                return nil
            case .waiting(let continuation):
                state = .fired(error)
                return continuation
            case .fired:
                return nil
            }
        }
        waiter?.resume(throwing: error)
    }

    /// Never returns normally: throws what the signal is fired with, or `CancellationError`. One waiter only.
    func wait() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let error: (any Error)? = state.withLock { state in
                    switch state {
                    case .fired(let error): return error
                    case .idle, .waiting:
                        state = .waiting(continuation)
                        return nil
                    }
                }
                if let error { continuation.resume(throwing: error) }
            }
        } onCancel: {
            fire(CancellationError())
        }
    }

    /// The error it was fired with, if it was.
    var error: (any Error)? {
        state.withLock { if case .fired(let error) = $0 { error } else { nil } }
    }
}
