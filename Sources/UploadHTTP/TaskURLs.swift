import Synchronization
import UploadCore

/// The URLs that clients are told. Opaque to them: number and key of the task are ours to place.
public final class TaskURLs: Sendable {
    private let address: String
    private let proxyAddress: String
    private let port: Mutex<Int>

    /// - Parameters:
    ///   - address: scheme and host, the port is appended.
    ///   - port: the configured port; see ``listening(on:)``.
    ///   - proxyAddress: what to say instead of both, as it is; empty when there is no proxy.
    public init(address: String, port: Int, proxyAddress: String) {
        self.address = address
        self.proxyAddress = proxyAddress
        self.port = Mutex(port)
    }

    /// The port that was bound, which is another one than configured when that was 0.
    public func listening(on port: Int) {
        self.port.withLock { $0 = port }
    }

    func upload(_ id: TaskID, key: String) -> String { "\(base)\(Route.block.path)?taskId=\(id)&key=\(key)" }

    func blocks(_ id: TaskID, key: String) -> String { "\(base)\(Route.blocksInfo.path)?taskId=\(id)&key=\(key)" }

    func state(key: String) -> String { "\(base)\(Route.state.path)?key=\(key)" }

    private var base: String {
        proxyAddress.isEmpty ? "\(address):\(port.withLock { $0 })" : proxyAddress
    }
}

/// The four routes of the block API, whose paths are the original's, and one for whoever watches the server.
enum Route: CaseIterable {
    case newTask, block, state, blocksInfo, ready

    var path: String {
        switch self {
        case .newTask: "/api/upload/new/task"
        case .block: "/api/upload/files/block"
        case .state: "/api/upload/files/state"
        case .blocksInfo: "/api/upload/files/blocks/info"
        case .ready: "/ready"
        }
    }

    var method: HTTPMethodName {
        switch self {
        case .newTask, .block, .state: .post
        case .blocksInfo, .ready: .get
        }
    }

    /// The methods in use.
    enum HTTPMethodName: String {
        case get = "GET"
        case post = "POST"
    }
}
