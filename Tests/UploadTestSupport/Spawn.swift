import Foundation
import Glibc
import Synchronization

/// Starts a program with the descriptors it is to have, and no others.
enum Spawn {
    struct Failure: Error, CustomStringConvertible {
        let program: String
        let code: Int32

        var description: String { "\(program) can't be started: \(String(cString: strerror(code)))" }
    }

    /// The descriptors 0, 1 and 2 of the new process.
    struct Streams {
        var input: Int32
        var output: Int32
        var error: Int32
    }

    static func run(
        _ program: String, _ arguments: [String], environment: [String: String], folder: String?, streams: Streams
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, streams.input, 0)
        posix_spawn_file_actions_adddup2(&actions, streams.output, 1)
        posix_spawn_file_actions_adddup2(&actions, streams.error, 2)
        // A listening socket that lives on in a child keeps its port alive after it was closed here.
        guard let closeFrom, closeFrom(&actions, 3) == 0 else { throw Failure(program: "closefrom", code: ENOSYS) }

        // The test runner may ignore or block signals; a program under test starts like one from a shell.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var defaults = sigset_t()
        sigemptyset(&none)
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGCHLD] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // posix_spawn can't change the folder (POSIX.1-2017); env(1) does, and becomes the program.
        let command = (folder.map { ["env", "-C", $0] } ?? []) + [program] + arguments
        let strings = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (strings + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, strings, variables)
        guard code == 0 else { throw Failure(program: program, code: code) }
        return pid
    }

    private typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

    /// glibc has it since 2.34; the module map hides it, as all that is not POSIX.
    private static let closeFrom: CloseFrom? = {
        guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return nil }
        return unsafeBitCast(symbol, to: CloseFrom.self)
    }()

    /// Pipes get their close-on-exec a moment after they are made: no child may be started in between.
    private static let spawning = Mutex(())

    /// Makes three pipes and hands them to `body`, which starts a child on them; other children don't get them.
    static func withPipes<Result: Sendable>(_ body: ([Pipe]) throws -> Result) throws -> Result {
        try spawning.withLock { _ in
            let pipes = try (0..<3).map { _ in try Pipe() }
            return try body(pipes)
        }
    }

    /// Both ends of a pipe.
    struct Pipe {
        let read: Int32
        let write: Int32

        fileprivate init() throws {
            var ends: [Int32] = [0, 0]
            guard Glibc.pipe(&ends) == 0 else { throw Failure(program: "pipe", code: errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (read, write) = (ends[0], ends[1])
        }
    }

    /// Blocks until the process has ended, and leaves it to be reaped.
    static func waitForEnd(of pid: pid_t) {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    }

    /// Takes the ended process off the kernel's table.
    static func reap(_ pid: pid_t) -> ExitStatus {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        // wait(2): the macros WTERMSIG and WEXITSTATUS.
        return status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }
}

/// How a process ended.
public enum ExitStatus: Sendable, Equatable {
    /// By itself.
    case code(Int32)
    /// By this signal.
    case signal(Int32)
}
