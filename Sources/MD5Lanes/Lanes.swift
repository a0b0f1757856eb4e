internal import CMD5

/// The scheduling: which job is in which lane, and how far all of them can go before one needs attention.
struct Lanes: ~Copyable {
    private struct Lane {
        /// Index of the job.
        let job: Int
        /// Index of the job's buffer that comes after ``bytes``.
        var buffer = 0
        /// What is left of the job's buffer.
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        /// The number of chunks that lie at the lane's place in ``Lanes/next``.
        var chunks = 0
    }

    /// `nil`: the best for the number of lanes at work.
    private let kernel: Kernel?
    /// Those at work. They have the first places in what follows; behind them is only what idle lanes of a kernel need.
    private var lanes: [Lane] = []
    private let states: UnsafeMutablePointer<md5_state>
    private let next: UnsafeMutablePointer<UnsafeRawPointer?>
    /// Room for a chunk of each lane: for those that two buffers share.
    private let shared: UnsafeMutableRawBufferPointer
    /// Which of the chunks in ``shared`` a lane has.
    private var places = Array(0..<Kernel.mostLanes)

    init(_ kernel: Kernel?) {
        self.kernel = kernel
        lanes.reserveCapacity(Kernel.mostLanes)
        states = .allocate(capacity: Kernel.mostLanes)
        states.initialize(repeating: Words.initial.state, count: Kernel.mostLanes)
        next = .allocate(capacity: Kernel.mostLanes)
        next.initialize(repeating: nil, count: Kernel.mostLanes)
        shared = .allocate(byteCount: Kernel.mostLanes * RunningMD5.chunk, alignment: RunningMD5.chunk)
    }

    deinit {
        states.deallocate()
        next.deallocate()
        shared.deallocate()
    }

    mutating func work(off jobs: inout [MultiBufferMD5.Job]) {
        // The longest first: so that none is left to go on alone when the others have ended, as far as can be.
        let sizes = jobs.map { $0.buffers.reduce(0) { $0 + $1.count } }
        var waiting = jobs.indices.sorted { sizes[$0] > sizes[$1] }[...]
        let width = (kernel ?? .best(forJobs: .max)).lanes
        while true {
            while lanes.count < width, let job = waiting.popFirst() { begin(job, of: &jobs) }
            guard !lanes.isEmpty else { return }
            run()
            // From the end, for `end` moves the last lane into the place of the one that ended.
            for index in lanes.indices.reversed() where lanes[index].chunks == 0 {
                if !advance(index, of: &jobs) { end(index, of: &jobs) }
            }
        }
    }

    private mutating func begin(_ job: Int, of jobs: inout [MultiBufferMD5.Job]) {
        let index = lanes.count
        lanes.append(Lane(job: job))
        states[index] = jobs[job].hash.state
        if !advance(index, of: &jobs) { end(index, of: &jobs) }
    }

    /// All lanes go on for as many chunks as the shortest has.
    private mutating func run() {
        var count = Int.max
        for lane in lanes { count = min(count, lane.chunks) }
        let kernel = kernel ?? .best(forJobs: lanes.count)
        // Idle lanes of the kernel hash any bytes that are there, for nothing.
        for index in lanes.count..<max(lanes.count, kernel.lanes) { next[index] = next[0] }
        kernel.take(count, from: next, into: states)
        for index in lanes.indices {
            lanes[index].chunks -= count
            next[index]? += count * RunningMD5.chunk
        }
    }

    /// Gives a lane the chunks that come next; `false` when the job has no more.
    private mutating func advance(_ index: Int, of jobs: inout [MultiBufferMD5.Job]) -> Bool {
        let job = lanes[index].job
        while true {
            switch jobs[job].hash.nextRun(of: &lanes[index].bytes) {
            case .chunks(let chunks):
                next[index] = chunks.baseAddress
                lanes[index].chunks = chunks.count / RunningMD5.chunk
                return true
            case .staging:
                let start = places[index] * RunningMD5.chunk
                let place = UnsafeMutableRawBufferPointer(rebasing: shared[start..<start + RunningMD5.chunk])
                withUnsafeBytes(of: jobs[job].hash.staging) { place.copyMemory(from: $0) }
                next[index] = UnsafeRawPointer(place.baseAddress)
                lanes[index].chunks = 1
                return true
            case nil:
                guard lanes[index].buffer < jobs[job].buffers.count else { return false }
                lanes[index].bytes = jobs[job].buffers[lanes[index].buffer]
                lanes[index].buffer += 1
            }
        }
    }

    private mutating func end(_ index: Int, of jobs: inout [MultiBufferMD5.Job]) {
        jobs[lanes[index].job].hash.state = states[index]
        let last = lanes.removeLast()
        guard index < lanes.count else { return }
        lanes[index] = last
        states[index] = states[lanes.count]
        next[index] = next[lanes.count]
        // What lies there for the lane that moves stays there.
        places.swapAt(index, lanes.count)
    }
}
