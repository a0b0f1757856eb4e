import Foundation
import Synchronization

/// Brings log lines to standard error on a thread of its own: who logs never waits for who reads.
///
/// Lines are written in the order in which they come, one write(2) each: at once, or together after ``pause`` where there
/// were others just before, since waking the thread costs many times what writing a line does. While standard error takes
/// nothing they wait in a buffer; what does not fit into it is dropped, and counted, and a line says so where they would
/// have stood.
public final class LogWriter: Sendable {
    /// The one for standard error of this process.
    public static let standardError = LogWriter(capacity: 1 << 20, put: putOnStandardError)

    private struct Line {
        var text: String
        /// How many lines are lost when this one is: one, or as many as it tells of.
        var weight = 1
    }

    private struct State {
        /// What is to be written, in order.
        var waiting: [Line] = []
        /// Bytes of these, and of those that the thread has taken and not written yet.
        var held = 0
        /// Lines that were lost and not told of.
        var lost = 0
        /// Whether the last write failed. Then nothing is told before there is another line: it would fail as well.
        var isBroken = false
        var hasThread = false
        /// Whether the thread has nothing to do.
        var isIdle = true
        /// Those who wait for that.
        var drained: [DispatchSemaphore] = []
        var describeLoss: @Sendable (Int) -> String = { "\(LogWriter.lossText($0))\n" }

        mutating func append(_ line: Line) {
            waiting.append(line)
            held += line.text.utf8.count
        }

        mutating func tellOfLoss() {
            append(Line(text: describeLoss(lost), weight: lost))
            lost = 0
        }

        /// - Returns: what is to be written now; empty, and the thread is idle, when there is nothing.
        mutating func take() -> [Line] {
            if waiting.isEmpty, lost > 0, !isBroken { tellOfLoss() }
            if waiting.isEmpty {
                isIdle = true
                for waiter in drained { waiter.signal() }
                drained = []
            }
            defer { waiting = [] }
            return waiting
        }

        mutating func settle(_ line: Line, isWritten: Bool) {
            held -= line.text.utf8.count
            isBroken = !isWritten
            if !isWritten { lost += line.weight }
        }
    }

    /// How long the thread lets lines come together after it has written some.
    private static let pause = DispatchTimeInterval.milliseconds(10)

    private let capacity: Int
    private let put: @Sendable (String) -> Bool
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - capacity: bytes that wait at most.
    ///   - put: writes a line, however long that takes; `false` when it can't be written.
    init(capacity: Int, put: @escaping @Sendable (String) -> Bool) {
        (self.capacity, self.put) = (capacity, put)
    }

    /// What is said about lines that were lost.
    static func lossText(_ count: Int) -> String {
        "\(count) log lines were lost, standard error did not take them"
    }

    /// How the line about lost ones is written, its end included.
    func describeLoss(_ line: @escaping @Sendable (Int) -> String) {
        state.withLock { $0.describeLoss = line }
    }

    /// Takes a line, its end included. Never waits.
    func submit(_ line: String) {
        let (wakes, starts) = state.withLock { state in
            // Once it began to lose lines, it goes on until there is some room: one gap, not one after each line that fits.
            let limit = state.lost == 0 ? capacity : capacity / 2
            if state.held + line.utf8.count <= limit {
                if state.lost > 0 { state.tellOfLoss() }
                state.append(Line(text: line))
            } else {
                state.lost += 1
            }
            defer { (state.isIdle, state.hasThread) = (false, true) }
            return (state.isIdle, !state.hasThread)
        }
        if starts { startThread() }
        if wakes { work.signal() }
    }

    /// Waits until all lines have been written, a second unless said otherwise. To be called before the process ends.
    public func drain(within limit: DispatchTimeInterval = .seconds(1)) {
        let waiter = DispatchSemaphore(value: 0)
        let isIdle = state.withLock { state in
            if !state.isIdle { state.drained.append(waiter) }
            return state.isIdle
        }
        guard !isIdle else { return }
        work.signal()
        // Lines that are not read until then are lost; a process that does not end for their sake is worse.
        _ = waiter.wait(timeout: .now() + limit)
    }

    /// It lives as long as the process.
    private func startThread() {
        let thread = Thread { [self] in run() }
        thread.stackSize = 256 << 10
        thread.start()
        // Foundation forgets a name that is set before.
        thread.name = "log"
    }

    private func run() {
        while true {
            work.wait()
            while true {
                // From the end, so that each goes when it has been written.
                var lines = Array(state.withLock { $0.take() }.reversed())
                if lines.isEmpty { break }
                while let line = lines.popLast() {
                    let isWritten = put(line.text)
                    state.withLock { $0.settle(line, isWritten: isWritten) }
                }
                // Who waits until all is written ends it.
                _ = work.wait(timeout: .now() + Self.pause)
            }
        }
    }
}

/// Blocks until standard error has taken it. The descriptor is shared with other processes: whether it blocks is theirs
/// to say as well.
///
/// - Returns: `false` when it can't be written: nobody can be told.
private func putOnStandardError(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let count = write(STDERR_FILENO, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if count < 0, errno == EAGAIN {
                var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                poll(&room, 1, -1)
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}
