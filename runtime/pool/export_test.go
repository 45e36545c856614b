package pool

// Stuck returns how many values are stuck and have no place.
func (p *Pool[T]) Stuck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outcast
}
