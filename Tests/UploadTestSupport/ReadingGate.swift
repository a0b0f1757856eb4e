import Foundation
import Glibc
import Synchronization

/// Lets a thread read from its end of a pipe, or not.
final class ReadingGate: Sendable {
    /// fcntl(2): the size of a pipe. The module map hides it, as all that is not POSIX.
    private static let setPipeSize: Int32 = 1031

    private struct State {
        var isOpen = true
        /// `nil` once it is closed.
        var descriptor: Int32?
    }

    private let state: Mutex<State>
    private let opened = DispatchSemaphore(value: 0)

    /// An open gate before this end of a pipe, which is its own from now on.
    init(_ descriptor: Int32) {
        state = Mutex(State(descriptor: descriptor))
    }

    /// Returns when the gate is open.
    func pass() {
        while !state.withLock({ $0.isOpen }) { opened.wait() }
    }

    /// Whoever passed before reads what comes next, nobody reads after that.
    func shut() {
        state.withLock { state in
            state.isOpen = false
            guard let descriptor = state.descriptor else { return }
            // Where more than a page lies in the pipe already, it stays as large as it was: it is full a little later.
            _ = fcntl(descriptor, Self.setPipeSize, 4096)
        }
    }

    /// Lets through again.
    func open() {
        state.withLock { $0.isOpen = true }
        opened.signal()
    }

    /// Closes the end of the pipe.
    func close() {
        state.withLock { state in
            if let descriptor = state.descriptor { _ = Glibc.close(descriptor) }
            state.descriptor = nil
        }
    }
}
