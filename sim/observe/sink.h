// A probe that wants only some of what the models tell: every part does nothing until overridden.
// Fanout hands the same to several sinks, in the order in which they were added.
#pragma once

#include <vector>

#include "models/core/probe.h"

namespace sim {

class Sink : public models::Probe {
  public:
    void event(const models::Event& /*e*/) override {}
    void leg(const models::LegRecord& /*r*/) override {}
    void mmio(const models::MmioRecord& /*r*/) override {}
    void observation(models::Observation /*o*/) override {}

  protected:
    ~Sink() = default;
};

class Fanout final : public Sink {
  public:
    /// The sink must outlive this.
    void add(models::Probe& sink) { sinks_.push_back(&sink); }

    void event(const models::Event& e) override {
        for (models::Probe* s : sinks_)
            s->event(e);
    }
    void leg(const models::LegRecord& r) override {
        for (models::Probe* s : sinks_)
            s->leg(r);
    }
    void mmio(const models::MmioRecord& r) override {
        for (models::Probe* s : sinks_)
            s->mmio(r);
    }
    void frame(const models::FrameRecord& r) override {
        for (models::Probe* s : sinks_)
            s->frame(r);
    }
    void observation(models::Observation o) override {
        for (models::Probe* s : sinks_)
            s->observation(o);
    }

  private:
    std::vector<models::Probe*> sinks_;
};

}  // namespace sim
